//! The credential key: a keyed hash over every input that decides a caller's
//! credentials.
//!
//! Equal inputs give equal keys with one hash key, different inputs different
//! ones: each is written with its length before it, so none can pass
//! for a part of another. The hash key is random and known to this user's daemons
//! only, so that a credential key says nothing about the secrets that went into it.

use std::fmt;
use std::sync::LazyLock;

use aws_ssm_proto::domain::{Caller, EnvironmentDigest};
use zeroize::Zeroizing;

use super::files::{LoadedFile, Stamp};

/// These name regions; a region decides where AWS is asked, not as whom.
const REGION_VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Stands for one set of inputs that decide credentials.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CredentialKey([u8; 32]);

impl CredentialKey {
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The whole of it, as text.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for CredentialKey {
    /// The first four bytes: enough to tell keys apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "CredentialKey({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// A keyed hash of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

/// Everything beside the caller's own settings that decides credentials.
#[derive(Clone, Copy, Debug)]
pub struct KeyInputs<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The profile that the daemon's configuration names.
    pub default_profile: Option<&'a str>,
    /// The session name of roles that name none.
    pub session_name: &'a str,
    /// The configuration file as it was read.
    pub config: &'a LoadedFile,
    /// The credentials file as it was read.
    pub credentials: &'a LoadedFile,
    /// The file of the token, if one is used.
    pub token: Option<Stamp>,
    /// The file of trusted certificates, if one is used.
    pub ca_bundle: Option<Stamp>,
    /// What a credential process would see, if one is used.
    pub environment: Option<EnvironmentDigest>,
}

/// The hash key, which is had when it is first needed.
type HashKey = LazyLock<Zeroizing<[u8; 32]>, Box<dyn FnOnce() -> Zeroizing<[u8; 32]> + Send>>;

/// Makes credential keys.
pub struct KeyMaker(HashKey);

impl KeyMaker {
    /// Hashes with the key that this gives, which must be random.
    #[must_use]
    pub fn new(hash_key: impl FnOnce() -> Zeroizing<[u8; 32]> + Send + 'static) -> Self {
        Self(LazyLock::new(Box::new(hash_key)))
    }

    /// Hashes with this key.
    #[cfg(test)]
    #[must_use]
    pub fn with(hash_key: [u8; 32]) -> Self {
        Self::new(move || Zeroizing::new(hash_key))
    }

    /// The credential key of these inputs.
    #[must_use]
    pub fn key(&self, inputs: &KeyInputs<'_>) -> CredentialKey {
        let mut fields = self.fields();
        let caller = inputs.caller;
        fields.text(caller.profile.as_deref());
        fields.text(caller.endpoint_url.as_deref());
        fields.text(caller.role_arn.as_deref());
        fields.text(inputs.default_profile);
        fields.text(Some(inputs.session_name));
        for path in [&caller.config_file, &caller.credentials_file, &caller.home] {
            fields.bytes(Some(path.as_os_str().as_encoded_bytes()));
        }
        fields.file(inputs.config);
        fields.file(inputs.credentials);
        fields.stamp(inputs.token);
        fields.stamp(inputs.ca_bundle);
        for (name, value) in &caller.environment {
            if !REGION_VARIABLES.contains(&name.as_str()) {
                fields.text(Some(name));
                fields.text(Some(value));
            }
        }
        // Without one this is no field at all, so that others do not pay for it: a
        // field after the pairs of names and values is told from them by its place.
        if let Some(environment) = &inputs.environment {
            fields.bytes(Some(environment));
        }
        CredentialKey(fields.hash())
    }

    /// For a hash over other inputs.
    pub(super) fn fields(&self) -> Fields {
        Fields(blake3::Hasher::new_keyed(&self.0))
    }

    /// The digest of a file's content.
    #[must_use]
    pub fn digest(&self, content: &[u8]) -> Digest {
        Digest(*blake3::keyed_hash(&self.0, content).as_bytes())
    }
}

impl fmt::Debug for KeyMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaker")
    }
}

/// Writes inputs so that they can be told apart again.
pub(super) struct Fields(blake3::Hasher);

impl Fields {
    pub(super) fn bytes(&mut self, value: Option<&[u8]>) {
        let Some(value) = value else {
            self.0.update(&[0]);
            return;
        };
        self.0.update(&[1]);
        self.0.update(&(value.len() as u64).to_le_bytes());
        self.0.update(value);
    }

    pub(super) fn text(&mut self, value: Option<&str>) {
        self.bytes(value.map(str::as_bytes));
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }

    fn file(&mut self, file: &LoadedFile) {
        self.stamp(file.version.map(|(stamp, _)| stamp));
        let digest = file.version.map(|(_, digest)| digest);
        self.bytes(digest.as_ref().map(|digest| digest.0.as_slice()));
    }

    fn stamp(&mut self, stamp: Option<Stamp>) {
        let Some(stamp) = stamp else {
            return self.bytes(None);
        };
        for number in [stamp.dev, stamp.inode, stamp.size] {
            self.bytes(Some(&number.to_le_bytes()));
        }
        for time in [stamp.mtime_ns, stamp.ctime_ns] {
            self.bytes(Some(&time.to_le_bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[derive(Clone)]
    struct Inputs {
        caller: Caller,
        default_profile: Option<String>,
        session_name: String,
        config: LoadedFile,
        credentials: LoadedFile,
        token: Option<Stamp>,
        ca_bundle: Option<Stamp>,
        environment: Option<EnvironmentDigest>,
    }

    fn plain() -> Inputs {
        Inputs {
            caller: Caller::default(),
            default_profile: None,
            session_name: "aws-ssm-1000".into(),
            config: LoadedFile::default(),
            credentials: LoadedFile::default(),
            token: None,
            ca_bundle: None,
            environment: None,
        }
    }

    fn key(maker: &KeyMaker, inputs: &Inputs) -> CredentialKey {
        maker.key(&KeyInputs {
            caller: &inputs.caller,
            default_profile: inputs.default_profile.as_deref(),
            session_name: &inputs.session_name,
            config: &inputs.config,
            credentials: &inputs.credentials,
            token: inputs.token,
            ca_bundle: inputs.ca_bundle,
            environment: inputs.environment,
        })
    }

    fn stamp() -> Stamp {
        Stamp {
            dev: 1,
            inode: 1,
            size: 1,
            mtime_ns: 1,
            ctime_ns: 1,
        }
    }

    /// Every state a file can be told apart by.
    fn files() -> Vec<LoadedFile> {
        let mut stamps = vec![stamp(); 6];
        stamps[1].dev = 2;
        stamps[2].inode = 2;
        stamps[3].size = 2;
        stamps[4].mtime_ns = 2;
        stamps[5].ctime_ns = 2;
        let mut versions: Vec<_> = stamps.into_iter().map(|s| (s, Digest([1; 32]))).collect();
        versions.push((stamp(), Digest([2; 32])));
        let loaded = |version| LoadedFile {
            version: Some(version),
            ..LoadedFile::default()
        };
        versions.into_iter().map(loaded).collect()
    }

    /// Inputs of which no two are the same, neighbours that run together
    /// without their lengths among them.
    fn different() -> Vec<Inputs> {
        let mut all = vec![plain()];
        let mut vary = |change: &dyn Fn(&mut Inputs)| {
            let mut inputs = plain();
            change(&mut inputs);
            all.push(inputs);
        };
        for text in ["", "a", "b", "ab"] {
            vary(&|inputs| inputs.caller.profile = Some(text.into()));
            vary(&|inputs| inputs.caller.endpoint_url = Some(text.into()));
            vary(&|inputs| inputs.caller.role_arn = Some(text.into()));
            vary(&|inputs| inputs.default_profile = Some(text.into()));
            vary(&|inputs| inputs.session_name = text.into());
        }
        for text in ["a", "b", "ab"] {
            vary(&|inputs| inputs.caller.config_file = PathBuf::from(text));
            vary(&|inputs| inputs.caller.credentials_file = PathBuf::from(text));
            vary(&|inputs| inputs.caller.home = PathBuf::from(text));
        }
        for file in files() {
            vary(&|inputs| inputs.config = file.clone());
            vary(&|inputs| inputs.credentials = file.clone());
            vary(&|inputs| inputs.token = file.version.map(|(stamp, _)| stamp));
            vary(&|inputs| inputs.ca_bundle = file.version.map(|(stamp, _)| stamp));
        }
        for digest in [[0; 16], [1; 16]] {
            vary(&|inputs| inputs.environment = Some(digest));
        }
        let names = aws_ssm_proto::domain::CALLER_VARIABLES;
        for name in names.iter().filter(|name| !REGION_VARIABLES.contains(name)) {
            for value in ["a", "b"] {
                vary(&|inputs| set(inputs, &[(name, value)]));
            }
        }
        vary(&|inputs| set(inputs, &[("AWS_PROFILE", "a"), ("AWS_ROLE_ARN", "b")]));
        vary(&|inputs| set(inputs, &[("AWS_PROFILE", "b"), ("AWS_ROLE_ARN", "a")]));
        vary(&|inputs| set(inputs, &[("AWS_PROFILE", "aAWS_ROLE_ARNb")]));
        let apart = |profile: &'static str, endpoint: &'static str| {
            move |inputs: &mut Inputs| {
                inputs.caller.profile = Some(profile.to_owned());
                inputs.caller.endpoint_url = Some(endpoint.to_owned());
            }
        };
        vary(&apart("a", "b\u{1}c"));
        vary(&apart("a\u{1}b", "c"));
        // The file digest varies but not the stamp, so the last of these repeat.
        let last_token = all.iter().rposition(|inputs| inputs.token.is_some());
        all.remove(last_token.unwrap());
        let last_bundle = all.iter().rposition(|inputs| inputs.ca_bundle.is_some());
        all.remove(last_bundle.unwrap());
        all
    }

    fn set(inputs: &mut Inputs, variables: &[(&str, &str)]) {
        for (name, value) in variables {
            let value = Zeroizing::new((*value).to_owned());
            inputs.caller.environment.insert((*name).to_owned(), value);
        }
    }

    #[test]
    fn every_pair_of_different_inputs_has_different_keys() {
        let maker = KeyMaker::with([7; 32]);
        let all = different();
        let keys: Vec<_> = all.iter().map(|inputs| key(&maker, inputs)).collect();
        for (i, one) in keys.iter().enumerate() {
            for (j, other) in keys.iter().enumerate().skip(i + 1) {
                assert_ne!(one, other, "inputs {i} and {j}: {:?}", all[j].caller);
            }
        }
    }

    #[test]
    fn the_same_inputs_have_the_same_key() {
        let maker = KeyMaker::with([7; 32]);
        for inputs in different() {
            assert_eq!(key(&maker, &inputs), key(&maker, &inputs.clone()));
        }
    }

    #[test]
    fn a_region_is_no_part_of_the_key() {
        let maker = KeyMaker::with([7; 32]);
        let mut there = plain();
        there.caller.regions = vec!["eu-west-1".into()];
        set(
            &mut there,
            &[("AWS_REGION", "a"), ("AWS_DEFAULT_REGION", "b")],
        );
        assert_eq!(key(&maker, &plain()), key(&maker, &there));
    }

    #[test]
    fn another_run_gives_other_keys() {
        let (one, other) = (KeyMaker::with([7; 32]), KeyMaker::with([8; 32]));
        assert_ne!(key(&one, &plain()), key(&other, &plain()));
    }

    #[test]
    fn debug_shows_a_short_prefix() {
        let shown = format!("{:?}", key(&KeyMaker::with([7; 32]), &plain()));
        let whole = "CredentialKey(01234567…)";
        assert_eq!(shown.chars().count(), whole.chars().count());
    }
}
