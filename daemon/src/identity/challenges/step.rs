//! What stands for a step to credentials, and for all the settings that decide it.
//!
//! It is narrower than a credential key: an edit of a profile file that does not touch
//! the step leaves it, and with it what a person has opened. Two steps are equal only
//! if every key, role, device, program and environment on the way to them is.

use super::super::key::{Fields, KeyMaker};
use super::super::plan::CredentialPlan;
use super::super::sts::Place;

/// See the module.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::identity) struct Step([u8; 32]);

impl Step {
    pub(super) fn of(keys: &KeyMaker, plan: &CredentialPlan, place: &Place) -> Self {
        let mut fields = keys.fields();
        write(&mut fields, plan, place);
        Self(fields.hash())
    }

    pub(super) fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads what [`Step::to_hex`] has written; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() || !text.is_ascii() {
            return None;
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

fn write(fields: &mut Fields, plan: &CredentialPlan, place: &Place) {
    match plan {
        CredentialPlan::Static(keys) => {
            let keys = &keys.credentials;
            fields.text(Some("keys"));
            fields.text(Some(keys.access_key_id()));
            fields.text(Some(keys.secret_access_key()));
            fields.text(keys.session_token());
        }
        CredentialPlan::AssumeRole(role) => {
            fields.text(Some("role"));
            fields.text(place.endpoint.as_deref());
            fields.text(Some(&role.role_arn));
            fields.text(Some(&role.session_name));
            fields.text(role.external_id.as_ref().map(|id| id.as_str()));
            fields.text(role.mfa.as_ref().map(|device| device.serial.as_str()));
            let seconds = role
                .duration
                .map(|duration| duration.as_secs().to_le_bytes());
            fields.bytes(seconds.as_ref().map(<[u8; 8]>::as_slice));
            write(fields, &role.source, place);
        }
        CredentialPlan::Process(process) => {
            fields.text(Some("process"));
            fields.text(Some(&process.command));
            fields.bytes(Some(&process.environment));
        }
        // Files of other programs decide these; the credential key has looked at them.
        _ => {
            fields.text(Some("other"));
            fields.bytes(Some(place.key.as_bytes()));
        }
    }
}
