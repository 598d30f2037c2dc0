//! The agents of a region as a file has them; every number is checked on reading.

use std::io;

use aws_ssm_proto::domain::AgentStatus;

use super::{Agents, Record, Strings};
use crate::persist::{Damaged, Input, Output};

/// Bytes of a stored record, at least.
const RECORD: usize = 4 + 2 + 1 + 4 + 1;

impl Agents {
    pub(in crate::inventory) fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        self.versions.write(out)?;
        out.text(&self.ids)?;
        out.length(self.sorted.len())?;
        self.sorted.iter().try_for_each(|record| record.write(out))
    }

    pub(in crate::inventory) fn read(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let versions = Strings::read(input)?;
        let ids = input.text()?.to_owned();
        let length = input.length(RECORD)?;
        let mut sorted: Vec<Record> = Vec::with_capacity(length);
        for _ in 0..length {
            let record = Record::read(input, &versions, &ids)?;
            if let Some(last) = sorted.last()
                && last.id(&ids) >= record.id(&ids)
            {
                return Err(Damaged("the agents are not in order"));
            }
            sorted.push(record);
        }
        Ok(Self {
            ids,
            versions,
            sorted,
        })
    }
}

impl Record {
    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        out.u32(self.id_at)?;
        out.u16(self.id_len)?;
        out.u8(self.status as u8)?;
        self.version.write(out)?;
        out.u8(u8::from(self.last_ping.is_some()))?;
        self.last_ping.map_or(Ok(()), |ping| out.i64(ping))
    }

    fn read(input: &mut Input<'_>, versions: &Strings, ids: &str) -> Result<Self, Damaged> {
        let (id_at, id_len) = (input.u32()?, input.u16()?);
        let start = id_at as usize;
        if ids.get(start..start + usize::from(id_len)).is_none() {
            return Err(Damaged("an id is cut where it cannot be"));
        }
        let status = AgentStatus::from_number(input.u8()?.into())
            .ok_or(Damaged("there is no such status"))?;
        let version = versions.read_id(input)?;
        let last_ping = match input.u8()? {
            0 => None,
            1 => Some(input.i64()?),
            _ => return Err(Damaged("an agent was neither heard nor not")),
        };
        Ok(Self {
            last_ping,
            id_at,
            id_len,
            status,
            version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Agent;
    use super::*;
    use crate::persist::testing::{bytes_of, mutations};

    fn agents() -> Agents {
        let agent = |id, last_ping, version| Agent {
            id,
            status: AgentStatus::Online,
            last_ping,
            version,
        };
        Agents::new([
            agent("i-1", Some(7), "3.3"),
            agent("i-2", None, ""),
            agent("mi-ü", Some(-1), "3.2"),
        ])
    }

    #[test]
    fn agents_are_read_back_as_they_were() {
        let bytes = bytes_of(|out| agents().write(out));
        let mut input = Input::new(&bytes);
        let read = Agents::read(&mut input).unwrap();
        input.end().unwrap();
        assert_eq!(read.len(), 3);
        for id in ["i-1", "i-2", "mi-ü", "i-3"] {
            assert_eq!(read.get(id), agents().get(id));
        }
    }

    #[test]
    fn whatever_the_bytes_are_reading_them_fails_or_gives_agents() {
        for bytes in mutations(&bytes_of(|out| agents().write(out))) {
            if let Ok(read) = Agents::read(&mut Input::new(&bytes)) {
                let ids: Vec<_> = read.sorted.iter().map(|r| r.id(&read.ids)).collect();
                assert!(ids.iter().all(|id| read.get(id).is_some()));
            }
        }
    }
}
