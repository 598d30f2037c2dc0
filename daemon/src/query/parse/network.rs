//! Addresses, globs over them, and blocks of them.

use std::net::IpAddr;

use super::super::term::Network;
use super::mistake::Mistake;
use super::scan::{Letter, text};

pub(super) fn read(letters: &[Letter]) -> Result<Network, Mistake> {
    if let Some(glob) = super::glob(letters) {
        return Ok(Network::Glob(glob));
    }
    let (address, prefix) = match letters.iter().position(|letter| letter.letter == '/') {
        Some(slash) => (&letters[..slash], Some(&letters[slash + 1..])),
        None => (letters, None),
    };
    let column = letters[0].column;
    let parsed: IpAddr = text(address)
        .parse()
        .map_err(|_| Mistake::no_address(column, &text(address)))?;
    let most = if parsed.is_ipv4() { 32 } else { 128 };
    let Some(prefix) = prefix else {
        return Ok(Network::Block(parsed, most));
    };
    let typed = text(prefix);
    // A sign would be read, too.
    let digits = typed.bytes().all(|byte| byte.is_ascii_digit());
    let bits = typed.parse().ok().filter(|bits| digits && *bits <= most);
    bits.map(|bits| Network::Block(parsed, bits))
        .ok_or_else(|| {
            let after_slash = letters[address.len()].column + 1;
            let at = prefix.first().map_or(after_slash, |letter| letter.column);
            Mistake::no_prefix(at, &typed, most)
        })
}
