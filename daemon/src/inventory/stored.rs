//! How each resource is written to disk and read back.

use std::io;

use aws_ssm_proto::domain::Region;

use super::agents::Agents;
use super::interfaces::Interfaces;
use super::resource::{Instances, Regions};
use super::snapshot::Snapshot;
use crate::persist::{Damaged, Input, Output};

/// Something that outlives the daemon.
pub trait Stored: Sized {
    /// Writes all of it that was loaded.
    ///
    /// # Errors
    ///
    /// Those of the file.
    fn write(&self, out: &mut Output<'_>) -> io::Result<()>;

    /// Reads what was written, and refuses whatever else the bytes may be: nothing
    /// that is done with what this gives may fail.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes.
    fn read(input: &mut Input<'_>) -> Result<Self, Damaged>;
}

impl Stored for Instances {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        self.snapshot.write(out)
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Snapshot::read(input).map(Self::new)
    }
}

impl Stored for Agents {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        Self::write(self, out)
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Self::read(input)
    }
}

impl Stored for Interfaces {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        Self::write(self, out)
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Self::read(input)
    }
}

impl Stored for Regions {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        out.length(self.len())?;
        self.iter().try_for_each(|region| {
            out.text(&region.name)?;
            out.text(&region.endpoint)?;
            out.text(&region.opt_in_status)
        })
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        // Three lengths at least.
        let length = input.length(3 * size_of::<u32>())?;
        let mut next = || input.text().map(str::to_owned);
        let mut region = || {
            Ok(Region {
                name: next()?,
                endpoint: next()?,
                opt_in_status: next()?,
            })
        };
        (0..length).map(|_| region()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persist::testing::{bytes_of, mutations};

    #[test]
    fn regions_are_read_back_as_they_were() {
        let region = |name: &str| Region {
            name: name.to_owned(),
            endpoint: format!("ec2.{name}.amazonaws.com"),
            opt_in_status: "opted-in".to_owned(),
        };
        let regions: Regions = vec![region("eu-west-1"), region("us-east-1")];
        let bytes = bytes_of(|out| regions.write(out));
        assert_eq!(Regions::read(&mut Input::new(&bytes)), Ok(regions));
        for bytes in mutations(&bytes) {
            // It must come back, with whatever.
            let _ = Regions::read(&mut Input::new(&bytes));
        }
    }
}
