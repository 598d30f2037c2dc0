//! Whose process is at the other end of a connection over the loopback interface.
//!
//! Linux lists every connection with the user whose it is. A connection that is not
//! listed is nobody's whom we would answer.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A user, by number.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    User(u32),
    /// This system does not say.
    #[cfg_attr(target_os = "linux", allow(dead_code))]
    Untold,
}

/// The owner of the end at `theirs` of the connection to `ours`.
///
/// # Errors
///
/// The connection is not listed, or the list cannot be read.
#[cfg(target_os = "linux")]
pub(super) fn of_connection(theirs: SocketAddr, ours: SocketAddr) -> io::Result<Owner> {
    use std::fs::File;
    use std::io::{BufRead, BufReader};

    // One who speaks to a version 4 address through a socket of version 6 is on the
    // other list, under other names.
    let lists = [
        ("/proc/net/tcp", theirs, ours),
        ("/proc/net/tcp6", mapped(theirs), mapped(ours)),
    ];
    for (list, theirs, ours) in lists {
        let file = match File::open(list) {
            Ok(file) => file,
            // A kernel without version 6.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let wanted = (name(theirs), name(ours));
        for line in BufReader::new(file).lines() {
            if let Some(user) = user(&line?, &wanted) {
                return Ok(Owner::User(user));
            }
        }
    }
    Err(io::Error::other("the connection is on no list"))
}

/// The owner of the end at `theirs` of the connection to `ours`.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps)]
pub(super) fn of_connection(_theirs: SocketAddr, _ours: SocketAddr) -> io::Result<Owner> {
    Ok(Owner::Untold)
}

/// The user in a line of the list, if it is about this connection.
#[cfg(any(target_os = "linux", test))]
fn user(line: &str, (theirs, ours): &(String, String)) -> Option<u32> {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid …
    let mut words = line.split_ascii_whitespace().skip(1);
    let is_it = words.next() == Some(theirs) && words.next() == Some(ours);
    is_it.then(|| words.nth(4)?.parse().ok()).flatten()
}

/// An address as the kernel lists it: words of the machine, in hexadecimal.
#[cfg(any(target_os = "linux", test))]
fn name(address: SocketAddr) -> String {
    let octets = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let (words, _) = octets.as_chunks::<4>();
    let words = words.iter().map(|word| u32::from_ne_bytes(*word));
    let words: String = words.map(|word| format!("{word:08X}")).collect();
    format!("{words}:{:04X}", address.port())
}

#[cfg(any(target_os = "linux", test))]
fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn addresses_are_named_as_the_kernel_names_them() {
        let named = |address: &str| name(address.parse().expect("an address"));
        assert_eq!(named("127.0.0.1:8080"), "0100007F:1F90");
        assert_eq!(named("[::1]:80"), "00000000000000000000000001000000:0050");
        let through_six = mapped("127.0.0.1:80".parse().expect("an address"));
        assert_eq!(name(through_six), "0000000000000000FFFF00000100007F:0050");
    }

    #[test]
    fn the_user_stands_in_the_eighth_place() {
        let line = "   3: 0100007F:D431 0100007F:1F90 01 00000000:00000000 02:000A 00000000  1000        0 31415 2 0";
        let is = |theirs: &str, ours: &str| user(line, &(theirs.to_owned(), ours.to_owned()));
        assert_eq!(is("0100007F:D431", "0100007F:1F90"), Some(1000));
        assert_eq!(is("0100007F:1F90", "0100007F:D431"), None, "our own end");
        assert_eq!(user("", &(String::new(), String::new())), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn our_own_connection_is_ours() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = std::net::TcpListener::bind(address) else {
                assert!(address.starts_with('['), "version 4 is everywhere");
                continue;
            };
            let ours = listener.local_addr().unwrap();
            let client = std::net::TcpStream::connect(ours).unwrap();
            let theirs = client.local_addr().unwrap();
            let user = rustix::process::getuid().as_raw();
            assert_eq!(of_connection(theirs, ours).unwrap(), Owner::User(user));
            assert!(
                of_connection(ours, ours).is_err(),
                "there is no such connection"
            );
        }
    }
}
