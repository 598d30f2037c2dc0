//! From rows to the bytes that travel, and the bytes that are kept.
//!
//! Most callers ask for the same columns. Their rows are encoded once for each
//! snapshot and served as slices of one buffer, so a warm list costs the copy.
//!
//! Invariant: what is kept is bounded in number and, in a snapshot that the cache
//! holds, in bytes, which count against the cache's limit as soon as they are kept.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use aws_ssm_proto::domain::Column;
use aws_ssm_proto::wire::Page;
use aws_ssm_proto::wire::row::{field, put_number, put_pair, put_str};
use bytes::Bytes;

use super::Fleet;
use super::agents::Agents;
use super::snapshot::Row;

/// How many encodings a snapshot keeps: the default columns, JSON's, and two more.
const KEPT: usize = 4;

/// Bytes of rows in one message. Small enough that a reader starts early, large
/// enough that the cost of a message does not show.
const PAGE_BYTES: usize = 256 << 10;

/// Rows of one snapshot in one projection, by name, then id.
#[derive(Debug)]
pub struct Encoded {
    bytes: Bytes,
    /// Where each row ends.
    ends: Vec<u32>,
}

impl Encoded {
    /// Encodes the rows at these places, in this order.
    pub(super) fn of(fleet: &Fleet, columns: &[Column], places: impl Iterator<Item = u32>) -> Self {
        let mut encoder = RowsEncoder::default();
        for place in places {
            encoder.push(fleet, fleet.instances.snapshot.row(place), columns);
        }
        encoder.finish()
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The first `limit` rows, in pieces that each fit a message.
    #[must_use]
    pub fn pages(&self, limit: usize) -> Vec<Bytes> {
        let ends = &self.ends[..limit.min(self.ends.len())];
        let mut pages = Vec::new();
        let mut start = 0;
        let mut row = 0;
        while row < ends.len() {
            let room = (start + PAGE_BYTES) as u32;
            // A row larger than a page still travels, alone.
            let next = ends.partition_point(|end| *end <= room).max(row + 1);
            let end = ends[next - 1] as usize;
            pages.push(self.bytes.slice(start..end));
            (start, row) = (end, next);
        }
        pages
    }

    fn weight(&self) -> usize {
        self.bytes.len() + self.ends.capacity() * size_of::<u32>()
    }
}

/// Encodes rows one after the other.
#[derive(Debug, Default)]
pub struct RowsEncoder {
    rows: Vec<u8>,
    ends: Vec<u32>,
    scratch: Vec<u8>,
}

impl RowsEncoder {
    /// Adds one row.
    pub fn push(&mut self, fleet: &Fleet, row: Row<'_>, columns: &[Column]) {
        self.scratch.clear();
        encode_row(fleet, row, columns, &mut self.scratch);
        Page::push_row(&mut self.rows, &self.scratch);
        self.ends.push(self.rows.len() as u32);
    }

    /// Whether they make a whole piece.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= PAGE_BYTES
    }

    /// The rows so far as one piece; `None` if there are none.
    #[must_use]
    pub fn into_piece(self) -> Option<Bytes> {
        (!self.ends.is_empty()).then(|| self.rows.into())
    }

    /// The rows so far.
    #[must_use]
    pub fn finish(mut self) -> Encoded {
        self.rows.shrink_to_fit();
        Encoded {
            bytes: self.rows.into(),
            ends: self.ends,
        }
    }
}

/// Appends the encoded `Instance` message of one row.
pub fn encode_row(fleet: &Fleet, row: Row<'_>, columns: &[Column], out: &mut Vec<u8>) {
    for column in columns {
        encode_column(fleet, row, column, out);
    }
}

fn encode_column(fleet: &Fleet, row: Row<'_>, column: &Column, out: &mut Vec<u8>) {
    let mut text = |number, value: Option<&str>| {
        if let Some(value) = value {
            put_str(out, number, value);
        }
    };
    match column {
        Column::Name => text(field::NAME, row.name()),
        Column::Id => text(field::ID, Some(row.id())),
        Column::Type => text(field::TYPE, row.instance_type()),
        Column::PrivateIp => text(field::PRIVATE_IP, row.private_ip()),
        Column::Az => text(field::AZ, row.az()),
        Column::PublicIp => text(field::PUBLIC_IP, row.public_ip()),
        Column::PrivateDns => text(field::PRIVATE_DNS, row.private_dns()),
        Column::PublicDns => text(field::PUBLIC_DNS, row.public_dns()),
        Column::Vpc => text(field::VPC, row.vpc()),
        Column::Subnet => text(field::SUBNET, row.subnet()),
        Column::Image => text(field::IMAGE, row.image()),
        Column::Platform => text(field::PLATFORM, row.platform()),
        Column::Arch => text(field::ARCH, row.arch()),
        Column::Lifecycle => text(field::LIFECYCLE, row.lifecycle()),
        Column::Key => text(field::KEY, row.key()),
        Column::Profile => text(field::PROFILE, row.profile()),
        Column::Account => text(field::ACCOUNT, row.account()),
        Column::Region => text(field::REGION, Some(&fleet.region)),
        Column::AgentVersion => text(
            field::AGENT_VERSION,
            fleet.agent(row.id()).map(|agent| agent.version),
        ),
        Column::State => {
            if let Some(state) = row.state() {
                put_number(out, field::STATE, state as u64);
            }
        }
        Column::Ssm => {
            if let Some(agents) = &fleet.agents {
                put_number(out, field::SSM, agents.status(row.id()) as u64);
            }
        }
        // Who prints works the age out of the launch time.
        Column::Launched | Column::Age => {
            if let Some(launched) = row.launched() {
                put_number(out, field::LAUNCHED, launched as u64);
            }
        }
        Column::Agent => {
            if let Some(ping) = fleet.agent(row.id()).and_then(|agent| agent.last_ping) {
                put_number(out, field::AGENT, ping as u64);
            }
        }
        Column::SecurityGroups => {
            for (id, name) in row.security_groups() {
                put_pair(out, field::SECURITY_GROUPS, id, name);
            }
        }
        Column::Tags => {
            for (key, value) in row.tags() {
                put_pair(out, field::TAGS, key, value);
            }
        }
        Column::Tag(key) => {
            if let Some(value) = row.tag(key) {
                put_pair(out, field::TAGS, key, value);
            }
        }
    }
}

/// The encodings of a snapshot that were asked for lately.
#[derive(Debug, Default)]
pub(super) struct EncodedCache {
    kept: Mutex<Vec<(Projection, Arc<Encoded>)>>,
    /// Set when the snapshot comes into the cache.
    home: OnceLock<Home>,
}

/// The cache that holds the snapshot.
struct Home {
    /// Bytes of encodings that it has room for.
    room: usize,
    /// Tells it that the snapshot has grown.
    grown: Box<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home")
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}

/// What a list without filters depends on.
#[derive(Debug)]
struct Projection {
    columns: Vec<Column>,
    all_states: bool,
    /// The agents whose status is in the rows; a newer list of them makes other
    /// rows. Dangling: none were known, or no column needs them.
    agents: Weak<Agents>,
}

impl EncodedCache {
    /// The standard list of a fleet, encoded now or earlier.
    pub(super) fn get(&self, fleet: &Fleet, columns: &[Column], all_states: bool) -> Arc<Encoded> {
        let shows_agents = columns.iter().any(Column::is_agent);
        let agents = fleet.agents.as_ref().filter(|_| shows_agents);
        let agents = agents.map_or_else(Weak::new, Arc::downgrade);
        let same = |kept: &Projection| {
            kept.columns == columns && kept.all_states == all_states && kept.agents.ptr_eq(&agents)
        };
        if let Some((_, encoded)) = self.lock().iter().find(|(kept, _)| same(kept)) {
            return Arc::clone(encoded);
        }
        let snapshot = &fleet.instances.snapshot;
        let listed = |place: &u32| all_states || super::is_listed(snapshot.row(*place));
        let places = snapshot.by_name().iter().copied().filter(listed);
        let encoded = Arc::new(Encoded::of(fleet, columns, places));
        let projection = Projection {
            columns: columns.to_vec(),
            all_states,
            agents,
        };
        self.keep(projection, &encoded);
        encoded
    }

    /// The snapshot is in a cache now, which has room for so many bytes of
    /// encodings, and is told whenever there are more of them.
    pub(super) fn settle_in(&self, room: usize, grown: impl Fn() + Send + Sync + 'static) {
        let grown = Box::new(grown);
        // A snapshot comes into one cache, once.
        let _ = self.home.set(Home { room, grown });
    }

    /// Bytes of memory held.
    pub(super) fn weight(&self) -> usize {
        weight(&self.lock())
    }

    /// Keeps an encoding; the oldest make room for it. One that is too large is
    /// made anew each time.
    fn keep(&self, projection: Projection, encoded: &Arc<Encoded>) {
        let home = self.home.get();
        let room = home.map_or(usize::MAX, |home| home.room);
        let Some(room) = room.checked_sub(encoded.weight()) else {
            return;
        };
        let mut kept = self.lock();
        // An older list of agents is never asked for again.
        kept.retain(|(k, _)| {
            k.columns != projection.columns || k.all_states != projection.all_states
        });
        while kept.len() >= KEPT || weight(&kept) > room {
            kept.remove(0);
        }
        kept.push((projection, Arc::clone(encoded)));
        drop(kept);
        self.tell_grown();
    }

    /// Tells the cache, if one holds the snapshot, that it weighs more now.
    pub(super) fn tell_grown(&self) {
        if let Some(home) = self.home.get() {
            (home.grown)();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Projection, Arc<Encoded>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn weight(kept: &[(Projection, Arc<Encoded>)]) -> usize {
    kept.iter().map(|(_, encoded)| encoded.weight()).sum()
}

#[cfg(test)]
mod tests;
