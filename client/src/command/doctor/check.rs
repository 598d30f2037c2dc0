//! One thing that was looked at, and what came of it.
//!
//! Whatever is not well says why and what mends it.

use aws_ssm_proto::domain::Error;

use crate::render::colour::Tone;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It is as it should be.
    Ok,
    /// Commands work, but not as well as they could, or not for long.
    Warning,
    /// Commands do not work.
    Failed,
    /// It could not be made, or means nothing here.
    Skipped,
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    pub(super) fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Good,
            Self::Warning => Tone::Warning,
            Self::Failed => Tone::Bad,
            Self::Skipped => Tone::Faint,
        }
    }
}

/// What is looked at: its group, and its name in it. Both are documented and stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) subject: &'static str,
    pub(super) check: &'static str,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) name: Name,
    /// Which of several: a profile, a region, a file; may be empty.
    pub(super) about: String,
    pub(super) status: Status,
    pub(super) finding: String,
    pub(super) why: String,
    /// What to do, mostly a command.
    pub(super) mend: String,
}

impl Name {
    pub(super) const fn new(subject: &'static str, check: &'static str) -> Self {
        Self { subject, check }
    }

    fn came_to(self, status: Status, finding: impl Into<String>) -> Check {
        Check {
            name: self,
            about: String::new(),
            status,
            finding: finding.into(),
            why: String::new(),
            mend: String::new(),
        }
    }

    pub(super) fn ok(self, finding: impl Into<String>) -> Check {
        self.came_to(Status::Ok, finding)
    }

    pub(super) fn warning(self, finding: impl Into<String>) -> Check {
        self.came_to(Status::Warning, finding)
    }

    pub(super) fn failed(self, finding: impl Into<String>) -> Check {
        self.came_to(Status::Failed, finding)
    }

    /// Not made, for this reason.
    pub(super) fn skipped(self, why: impl Into<String>) -> Check {
        self.came_to(Status::Skipped, "not looked at").why(why)
    }

    /// What an error says, which keeps commands from working.
    pub(super) fn error(self, error: &Error) -> Check {
        self.told(Status::Failed, error)
    }

    /// What an error says.
    pub(super) fn told(self, status: Status, error: &Error) -> Check {
        self.came_to(status, &*error.what)
            .why(&*error.why)
            .mend(&*error.hint)
    }
}

impl Check {
    /// Says which of several it is about.
    pub(super) fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    pub(super) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    pub(super) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = mend.into();
        self
    }
}
