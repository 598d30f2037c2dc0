//! Answers of every shape that EC2 may give, from a seed.

/// Luck that can be repeated.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number from 0 up to, not including, `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(super) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

/// The elements of an instance that hold a text that is kept.
const TEXTS: [&str; 12] = [
    "imageId",
    "privateDnsName",
    "dnsName",
    "keyName",
    "instanceType",
    "subnetId",
    "vpcId",
    "privateIpAddress",
    "ipAddress",
    "architecture",
    "instanceLifecycle",
    "platformDetails",
];

/// Elements that are passed over, some of them full of names that matter elsewhere.
const OTHERS: [&str; 5] = [
    "<reason/>",
    "<cpuOptions><coreCount>2</coreCount><item>1</item></cpuOptions>",
    "<stateReason><code>a</code><name>no</name></stateReason>",
    "<somethingNew attribute=\"a &gt; b\" other='\"'><instanceId>i-no</instanceId></somethingNew>",
    "<productCodes></productCodes>",
];

/// A whole answer of `DescribeInstances`.
pub(super) fn answer(dice: &mut Dice) -> String {
    let mut parts = vec!["<requestId>r</requestId>".to_owned()];
    let reservations: String = (0..dice.below(6)).map(|_| reservation(dice)).collect();
    parts.push(element(dice, "reservationSet", &reservations));
    if dice.one_in(2) {
        let token = text(dice);
        parts.push(element(dice, "nextToken", &token));
    }
    dice.shuffle(&mut parts);
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let name = "DescribeInstancesResponse";
    let content = parts.concat();
    format!("{head}<{name} xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">{content}</{name}>\n")
}

fn reservation(dice: &mut Dice) -> String {
    let mut parts = vec!["<groupSet/>".to_owned()];
    if !dice.one_in(5) {
        parts.push("<ownerId>111122223333</ownerId>".into());
    }
    let instances: String = (0..dice.below(5)).map(|_| instance(dice)).collect();
    parts.push(element(dice, "instancesSet", &instances));
    dice.shuffle(&mut parts);
    let content = parts.concat();
    element(dice, "item", &content)
}

fn instance(dice: &mut Dice) -> String {
    let mut parts = Vec::new();
    if !dice.one_in(20) {
        let id = format!("i-{:017x}", dice.below(1 << 40));
        parts.push(element(dice, "instanceId", &id));
    }
    for name in TEXTS {
        if !dice.one_in(3) {
            let content = text(dice);
            parts.push(element(dice, name, &content));
        }
    }
    if !dice.one_in(4) {
        let time = dice.pick(&[
            "2026-11-23T20:00:00.000Z",
            "2026-11-23T20:00:00Z",
            "1969-12-31T23:59:59.5Z",
            "2026-11-23T20:00:00+01:00",
        ]);
        parts.push(element(dice, "launchTime", time));
    }
    let name = dice.pick(&["running", "stopped", "shutting-down", "melting", ""]);
    parts.push(format!(
        "<instanceState><code>16</code><name>{name}</name></instanceState>"
    ));
    let az = text(dice);
    parts.push(format!(
        "<placement><availabilityZone>{az}</availabilityZone></placement>"
    ));
    if dice.one_in(2) {
        let arn = dice.pick(&["arn:aws:iam::1:instance-profile/a/b", "odd", ""]);
        parts.push(format!(
            "<iamInstanceProfile><arn>{arn}</arn><id>X</id></iamInstanceProfile>"
        ));
    }
    let tags = pairs(dice, ["key", "value"]);
    parts.push(element(dice, "tagSet", &tags));
    let groups = pairs(dice, ["groupId", "groupName"]);
    parts.push(element(dice, "groupSet", &groups));
    if dice.one_in(3) {
        let six = address(dice);
        parts.push(element(dice, "ipv6Address", &six));
    }
    let interfaces: String = (0..dice.below(4)).map(|_| interface(dice)).collect();
    parts.push(element(dice, "networkInterfaceSet", &interfaces));
    for other in OTHERS {
        if dice.one_in(3) {
            parts.push(other.to_owned());
        }
    }
    dice.shuffle(&mut parts);
    let content = parts.concat();
    element(dice, "item", &content)
}

/// An interface, with names in it that matter elsewhere.
fn interface(dice: &mut Dice) -> String {
    let mut parts = private_address(dice);
    parts.push(
        "<vpcId>vpc-no</vpcId><groupSet><item><groupId>sg-no</groupId></item></groupSet>\
         <tagSet><item><key>Name</key><value>no</value></item></tagSet>"
            .into(),
    );
    let privates: String = (0..dice.below(4))
        .map(|_| {
            let content = private_address(dice).concat();
            element(dice, "item", &content)
        })
        .collect();
    parts.push(element(dice, "privateIpAddressesSet", &privates));
    let sixes: String = (0..dice.below(3))
        .map(|_| {
            let six = address(dice);
            let content =
                element(dice, "ipv6Address", &six) + "<isPrimaryIpv6>false</isPrimaryIpv6>";
            element(dice, "item", &content)
        })
        .collect();
    parts.push(element(dice, "ipv6AddressesSet", &sixes));
    parts.push(
        "<ipv6PrefixSet><item><ipv6Prefix>2600::/80</ipv6Prefix></item></ipv6PrefixSet>".into(),
    );
    dice.shuffle(&mut parts);
    let content = parts.concat();
    element(dice, "item", &content)
}

/// What a private address has, here and as the main one of an interface.
fn private_address(dice: &mut Dice) -> Vec<String> {
    let mut parts = Vec::new();
    if !dice.one_in(8) {
        let private = address(dice);
        parts.push(element(dice, "privateIpAddress", &private));
    }
    if dice.one_in(3) {
        let public = address(dice);
        let content = element(dice, "publicIp", &public) + "<ipOwnerId>amazon</ipOwnerId>";
        parts.push(element(dice, "association", &content));
    }
    dice.shuffle(&mut parts);
    parts
}

/// An address, seldom one that was there before, or what is none.
fn address(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => text(dice),
        1 => "10.0.0.7".into(),
        2 | 3 => format!("2600:1f18::{:x}", dice.below(1 << 16)),
        4 => format!("fd00:0:0::{:x}", dice.below(16)),
        _ => format!("10.0.{}.{}", dice.below(4), dice.below(256)),
    }
}

pub(super) fn pairs(dice: &mut Dice, names: [&str; 2]) -> String {
    let mut all = String::new();
    for _ in 0..dice.below(5) {
        let mut halves = Vec::new();
        for name in names {
            // A half may be missing.
            if !dice.one_in(8) {
                let content = if dice.one_in(4) {
                    "Name".into()
                } else {
                    text(dice)
                };
                halves.push(element(dice, name, &content));
            }
        }
        dice.shuffle(&mut halves);
        let content = halves.concat();
        all.push_str(&element(dice, "item", &content));
    }
    all
}

/// Escaped text, with the letters that escapes are for.
pub(super) fn text(dice: &mut Dice) -> String {
    let parts = [
        "web-1",
        "10.0.0.7",
        " ",
        "&amp;",
        "&lt;",
        "&gt;",
        ">",
        "&quot;",
        "&#39;",
        "&#xe9;",
        "é",
        "日本",
        "\"",
        "'",
        "/",
        "=",
        "\u{1f600}",
        "ip-10-0-0-7.ec2.internal",
        "\n",
    ];
    (0..dice.below(4)).map(|_| dice.pick(&parts)).collect()
}

/// An element, with space around it now and then, and empty in either way.
pub(super) fn element(dice: &mut Dice, name: &str, content: &str) -> String {
    let space = dice.pick(&["", "", "\n    "]);
    if content.is_empty() && dice.one_in(2) {
        return format!("{space}<{name}/>");
    }
    format!("{space}<{name}>{content}</{name}>")
}
