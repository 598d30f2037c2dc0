//! Who asks: terminals that differ in the credentials they lead to.

use crate::sandbox::{Account, Sandbox};

use super::scene::REGIONS;

/// A terminal: its variables, and whose fleets it sees.
#[derive(Clone, Debug)]
pub(super) struct Terminal {
    /// What it is called in what is printed.
    pub(super) name: &'static str,
    /// The account whose fleets it sees.
    pub(super) account: usize,
    /// What decides its credentials.
    pub(super) variables: Vec<(&'static str, String)>,
}

/// The terminal whose profile is edited while everything runs.
pub(super) const EDITED: usize = 2;

/// The terminal with a role of the second account, assumed with the first's keys.
pub(super) const ROLE: usize = 3;

/// Exported keys of two accounts, a profile that is edited, and a role.
pub(super) fn all(sandbox: &Sandbox) -> Vec<Terminal> {
    let exported = |name, account: usize| {
        let keys = sandbox.account(account);
        Terminal {
            name,
            account,
            variables: vec![
                ("AWS_ACCESS_KEY_ID", keys.access_key.clone()),
                ("AWS_SECRET_ACCESS_KEY", keys.secret_key.clone()),
            ],
        }
    };
    let profile = |name, account| Terminal {
        name,
        account,
        variables: vec![("AWS_PROFILE", name.to_owned())],
    };
    vec![
        exported("first", 0),
        exported("second", 1),
        profile("edited", 0),
        profile("role", 1),
    ]
}

/// The configuration file of the profiles.
pub(super) fn config_file(sandbox: &Sandbox) -> String {
    let role = sandbox.account(1).role_arn("ops");
    let region = REGIONS[0];
    format!(
        "[profile edited]\nregion = {region}\n\n\
         [profile role]\nregion = {region}\nrole_arn = {role}\nsource_profile = base\n"
    )
}

/// The credentials file, with the profile `edited` leading to this account.
pub(super) fn credentials_file(sandbox: &Sandbox, edited: usize) -> String {
    let section = |name: &str, account: &Account| {
        format!(
            "[{name}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            account.access_key, account.secret_key
        )
    };
    section("edited", sandbox.account(edited)) + &section("base", sandbox.account(0))
}
