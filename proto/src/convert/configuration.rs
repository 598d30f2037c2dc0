//! Settings, wire to domain and back.

use std::path::{Path, PathBuf};

use crate::domain::{
    ConfigCheck, ConfigFile, ConfigFileState, ConfigFinding, ConfigReload, ConfigTemplate, Setting,
    SettingChange, SettingValue,
};
use crate::wire;

fn text(path: Option<&Path>) -> String {
    path.map(|path| path.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn path(text: String) -> Option<PathBuf> {
    (!text.is_empty()).then(|| text.into())
}

impl From<Setting> for wire::Setting {
    fn from(setting: Setting) -> Self {
        let (value, unset) = match setting.value {
            SettingValue::Set(value) => (value, String::new()),
            SettingValue::Unset(instead) => (String::new(), instead),
        };
        Self {
            name: setting.name,
            value,
            unset,
            source: setting.source,
        }
    }
}

impl From<wire::Setting> for Setting {
    fn from(setting: wire::Setting) -> Self {
        Self {
            name: setting.name,
            value: match setting.value.is_empty() {
                true => SettingValue::Unset(setting.unset),
                false => SettingValue::Set(setting.value),
            },
            source: setting.source,
        }
    }
}

impl From<ConfigCheck> for wire::CheckConfigResponse {
    fn from(check: ConfigCheck) -> Self {
        Self {
            file: text(check.file.as_deref()),
            findings: check.findings.into_iter().map(Into::into).collect(),
            error: check.error.as_ref().map(Into::into),
        }
    }
}

impl From<wire::CheckConfigResponse> for ConfigCheck {
    fn from(check: wire::CheckConfigResponse) -> Self {
        Self {
            file: path(check.file),
            findings: check.findings.into_iter().map(Into::into).collect(),
            error: check.error.map(Into::into),
        }
    }
}

impl From<ConfigFinding> for wire::ConfigFinding {
    fn from(finding: ConfigFinding) -> Self {
        let (line, column) = finding.position.unwrap_or_default();
        Self {
            is_mistake: finding.is_mistake,
            place: finding.place,
            line,
            column,
            setting: finding.setting,
            what: finding.what,
            why: finding.why,
            hint: finding.hint,
        }
    }
}

impl From<wire::ConfigFinding> for ConfigFinding {
    fn from(finding: wire::ConfigFinding) -> Self {
        Self {
            is_mistake: finding.is_mistake,
            place: finding.place,
            position: (finding.line > 0).then_some((finding.line, finding.column)),
            setting: finding.setting,
            what: finding.what,
            why: finding.why,
            hint: finding.hint,
        }
    }
}

impl From<ConfigFile> for wire::ConfigFile {
    fn from(file: ConfigFile) -> Self {
        let state = match file.state {
            ConfigFileState::Read => wire::ConfigFileState::Read,
            ConfigFileState::NotRead => wire::ConfigFileState::NotRead,
            ConfigFileState::Missing => wire::ConfigFileState::Missing,
        };
        Self {
            path: text(Some(&file.path)),
            named_by: file.named_by,
            state: state.into(),
        }
    }
}

impl From<wire::ConfigFile> for ConfigFile {
    fn from(file: wire::ConfigFile) -> Self {
        let state = match file.state() {
            wire::ConfigFileState::Read => ConfigFileState::Read,
            wire::ConfigFileState::NotRead => ConfigFileState::NotRead,
            wire::ConfigFileState::Missing | wire::ConfigFileState::Unspecified => {
                ConfigFileState::Missing
            }
        };
        Self {
            path: file.path.into(),
            named_by: file.named_by,
            state,
        }
    }
}

impl From<ConfigTemplate> for wire::InitConfigResponse {
    fn from(template: ConfigTemplate) -> Self {
        Self {
            path: text(Some(&template.path)),
            text: template.text,
        }
    }
}

impl From<wire::InitConfigResponse> for ConfigTemplate {
    fn from(template: wire::InitConfigResponse) -> Self {
        Self {
            path: template.path.into(),
            text: template.text,
        }
    }
}

impl From<ConfigReload> for wire::ReloadConfigResponse {
    fn from(reload: ConfigReload) -> Self {
        let change = |change: SettingChange| wire::SettingChange {
            name: change.name,
            before: change.before,
            after: change.after,
            applied: change.applied,
        };
        Self {
            file: text(reload.file.as_deref()),
            changes: reload.changes.into_iter().map(change).collect(),
            warnings: reload.warnings,
        }
    }
}

impl From<wire::ReloadConfigResponse> for ConfigReload {
    fn from(reload: wire::ReloadConfigResponse) -> Self {
        let change = |change: wire::SettingChange| SettingChange {
            name: change.name,
            before: change.before,
            after: change.after,
            applied: change.applied,
        };
        Self {
            file: path(reload.file),
            changes: reload.changes.into_iter().map(change).collect(),
            warnings: reload.warnings,
        }
    }
}
