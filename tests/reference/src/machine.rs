//! An instance in plain values, and such as chance makes.

use super::{Random, World};

/// An instance; an empty text means absent.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Machine {
    pub id: String,
    pub private_ip: String,
    pub public_ip: String,
    /// Further addresses, and whether they are public.
    pub more: Vec<(String, bool)>,
    pub private_dns: String,
    pub public_dns: String,
    /// The word of its state.
    pub state: String,
    pub kind: String,
    pub az: String,
    pub vpc: String,
    pub subnet: String,
    pub image: String,
    pub platform: String,
    pub arch: String,
    pub lifecycle: String,
    pub profile: String,
    /// Seconds since 1970.
    pub launched: Option<i64>,
    pub tags: Vec<(String, String)>,
    /// Ids and names.
    pub groups: Vec<(String, String)>,
    /// The word of its agent's status.
    pub agent: String,
}

impl Machine {
    /// Whether it is pending or running.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "running")
    }

    /// The private or the public addresses.
    pub(crate) fn addresses(&self, public: bool) -> impl Iterator<Item = &String> {
        let main = if public {
            &self.public_ip
        } else {
            &self.private_ip
        };
        let more = self.more.iter().filter(move |(_, is)| *is == public);
        std::iter::once(main).chain(more.map(|(address, _)| address))
    }

    pub(crate) fn all_addresses(&self) -> impl Iterator<Item = &String> {
        self.addresses(false).chain(self.addresses(true))
    }

    pub(crate) fn name(&self) -> String {
        let name = self.tags.iter().find(|(key, _)| key == "Name");
        name.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Tags that are hard to type, to write and to tell apart.
    #[must_use]
    pub fn odd_tags(random: &mut Random) -> Vec<(String, String)> {
        let mut tags = Vec::new();
        for (key, values) in ODD_TAGS {
            if random.chance(60) {
                tags.push(((*key).to_owned(), random.one(values).to_owned()));
            }
        }
        tags
    }

    /// One of a fleet, which this number tells from the others.
    #[must_use]
    pub fn by_chance(random: &mut Random, world: &World, number: usize) -> Self {
        let address = |random: &mut Random| {
            let (a, b, c) = (random.below(3), random.below(4), random.below(256));
            format!("10.{a}.{b}.{c}")
        };
        let private_ip = if random.chance(90) {
            address(random)
        } else {
            String::new()
        };
        let public_ip = match random.below(4) {
            0 => format!("54.1.{}.{}", random.below(4), random.below(256)),
            1 => format!("2600:1f{:02x}::{:x}", random.below(2), number),
            _ => String::new(),
        };
        let more = further(random, number);
        let tags = Self::odd_tags(random);
        let one = |random: &mut Random, of: &[&str]| random.one(of).to_owned();
        Self {
            id: format!("i-0{number:03x}{:04x}", random.below(65_536)),
            private_dns: match private_ip.as_str() {
                "" => String::new(),
                ip => format!(
                    "ip-{}.{}.compute.internal",
                    ip.replace('.', "-"),
                    world.region
                ),
            },
            private_ip,
            public_dns: one(random, &["", "ec2-54-1-0-1.compute.amazonaws.com"]),
            public_ip,
            more,
            state: one(random, STATES),
            kind: one(
                random,
                &["t3.micro", "t3.large", "m5.large", "m6g.metal-24xl"],
            ),
            az: format!("{}{}", world.region, one(random, &["a", "b"])),
            vpc: one(random, &["vpc-0a", "vpc-0b", ""]),
            subnet: one(random, &["subnet-1", "subnet-2", ""]),
            image: one(random, &["ami-0123", "ami-4567"]),
            platform: one(random, &["Linux/UNIX", "Windows"]),
            arch: one(random, &["x86_64", "arm64"]),
            lifecycle: one(random, &["on-demand", "spot"]),
            profile: one(random, &["web-role", "Admin", ""]),
            launched: random.chance(95).then(|| {
                let day = 86_400 * random.below(40) as i64;
                world.now - day - [0, 1, 43_200][random.below(3)]
            }),
            groups: [("sg-1", "default"), ("sg-2", "Web"), ("sg-3", "db")]
                .into_iter()
                .filter(|_| random.chance(40))
                .map(|(id, name)| (id.to_owned(), name.to_owned()))
                .collect(),
            agent: one(random, &["none", "online", "lost", "inactive"]),
            tags,
        }
    }
}

/// A state that has no word is none.
const STATES: &[&str] = &[
    "pending",
    "running",
    "running",
    "shutting-down",
    "terminated",
    "stopping",
    "stopped",
    "",
];

/// Keys, and the values that each may have.
const ODD_TAGS: &[(&str, &[&str])] = &[
    (
        "Name",
        &[
            "web-1",
            "WEB-2",
            "db,1",
            "größe",
            "Straße 東京",
            "",
            "api:v2",
            "web-10",
            "a*b?c",
            "back\\slash",
            "say \"hi\"",
        ],
    ),
    ("Team", &["core", "Core", "web", "a=b", ""]),
    ("team", &["shadow", "WEB"]),
    ("Kosten Stelle", &["4711", "über alles"]),
    ("aws:autoscaling:groupName", &["web-asg", "db-asg"]),
];

fn further(random: &mut Random, number: usize) -> Vec<(String, bool)> {
    let more = [
        (
            format!("10.9.{}.{}", random.below(4), random.below(256)),
            false,
        ),
        (
            format!("54.9.{}.{}", random.below(4), random.below(256)),
            true,
        ),
        (
            format!("2600:1f{:02x}::9:{number:x}", random.below(2)),
            true,
        ),
        (format!("fd00::{number:x}"), false),
    ];
    more.into_iter().filter(|_| random.chance(25)).collect()
}
