//! Owns what fleets are made of: environments, services, instance types and
//! systems. Plain tables; which instance gets what is decided in `launch`.

#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) name: &'static str,
    /// What its instances' names begin with.
    pub(crate) prefix: &'static str,
}

/// Their order is that of the VPCs in a cell of the network.
pub(crate) static ENVIRONMENTS: &[Environment] = &[
    Environment {
        name: "prod",
        prefix: "",
    },
    Environment {
        name: "staging",
        prefix: "staging-",
    },
    Environment {
        name: "dev",
        prefix: "dev-",
    },
];

/// Which environment the launches take in turn: mostly prod.
pub(crate) const ENVIRONMENT_TURNS: [usize; 10] = [0, 0, 0, 1, 0, 2, 0, 1, 0, 2];

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) team: &'static str,
    pub(crate) cost_center: &'static str,
    pub(crate) shapes: &'static [Shape],
    pub(crate) system: System,
    /// Its prod instances belong to an Auto Scaling group.
    pub(crate) autoscaled: bool,
    /// Its instances are in public subnets.
    pub(crate) public: bool,
    /// The part of its instances that are spot.
    pub(crate) spot: f64,
    /// The most instances of one launch.
    pub(crate) batch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    AmazonLinux,
    Ubuntu,
    RedHat,
    Windows,
}

/// An instance type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) arm: bool,
    pub(crate) cores: u32,
    pub(crate) threads: u32,
    /// Network cards; the largest types have several.
    pub(crate) cards: u32,
}

const fn intel(name: &'static str, cores: u32) -> Shape {
    Shape {
        name,
        arm: false,
        cores,
        threads: 2,
        cards: 1,
    }
}

const fn graviton(name: &'static str, cores: u32) -> Shape {
    Shape {
        name,
        arm: true,
        cores,
        threads: 1,
        cards: 1,
    }
}

const TRAINER: Shape = Shape {
    name: "p4d.24xlarge",
    arm: false,
    cores: 48,
    threads: 2,
    cards: 4,
};

const fn service(name: &'static str, team: &'static str, shapes: &'static [Shape]) -> Service {
    Service {
        name,
        team,
        cost_center: "4100",
        shapes,
        system: System::AmazonLinux,
        autoscaled: false,
        public: false,
        spot: 0.0,
        batch: 1,
    }
}

pub(crate) static SERVICES: &[Service] = &[
    Service {
        autoscaled: true,
        public: true,
        batch: 3,
        ..service(
            "web",
            "storefront",
            &[intel("m5.large", 1), graviton("m7g.large", 2)],
        )
    },
    Service {
        autoscaled: true,
        batch: 2,
        ..service(
            "api",
            "platform",
            &[intel("c6i.xlarge", 2), graviton("c7g.xlarge", 4)],
        )
    },
    Service {
        cost_center: "4200",
        system: System::RedHat,
        ..service(
            "db",
            "data",
            &[intel("r5.2xlarge", 4), intel("r6i.xlarge", 2)],
        )
    },
    Service {
        autoscaled: true,
        spot: 0.5,
        batch: 4,
        ..service(
            "worker",
            "platform",
            &[intel("c5.2xlarge", 4), graviton("m6g.xlarge", 4)],
        )
    },
    service("cache", "platform", &[graviton("r6g.large", 2)]),
    Service {
        system: System::Ubuntu,
        ..service("queue", "platform", &[intel("m5.xlarge", 2)])
    },
    Service {
        cost_center: "4200",
        spot: 0.7,
        batch: 4,
        ..service(
            "batch",
            "data",
            &[intel("c5.4xlarge", 8), intel("m6i.2xlarge", 4)],
        )
    },
    Service {
        cost_center: "4300",
        system: System::Ubuntu,
        ..service("ml", "research", &[intel("g5.xlarge", 2), TRAINER])
    },
    Service {
        cost_center: "4400",
        system: System::Windows,
        ..service(
            "report",
            "finance",
            &[intel("t3.large", 1), intel("m5.xlarge", 2)],
        )
    },
    Service {
        cost_center: "4000",
        public: true,
        ..service("bastion", "operations", &[graviton("t4g.micro", 2)])
    },
];

/// Which service the launches take in turn, by index.
pub(crate) const SERVICE_TURNS: [usize; 17] = [0, 1, 2, 3, 0, 1, 4, 3, 5, 0, 1, 6, 2, 7, 3, 8, 9];

impl System {
    /// As in the element `platformDetails`.
    pub(crate) fn details(self) -> &'static str {
        match self {
            Self::AmazonLinux | Self::Ubuntu => "Linux/UNIX",
            Self::RedHat => "Red Hat Enterprise Linux",
            Self::Windows => "Windows",
        }
    }

    /// As in the element `usageOperation`.
    pub(crate) fn usage_operation(self) -> &'static str {
        match self {
            Self::AmazonLinux | Self::Ubuntu => "RunInstances",
            Self::RedHat => "RunInstances:0010",
            Self::Windows => "RunInstances:0002",
        }
    }

    /// Name and version, as the SSM agent reports them.
    pub(crate) fn release(self) -> (&'static str, &'static str) {
        match self {
            Self::AmazonLinux => ("Amazon Linux", "2023"),
            Self::Ubuntu => ("Ubuntu", "24.04"),
            Self::RedHat => ("Red Hat Enterprise Linux", "9.4"),
            Self::Windows => ("Microsoft Windows Server 2022 Datacenter", "10.0.20348"),
        }
    }

    pub(crate) fn is_windows(self) -> bool {
        self == Self::Windows
    }

    pub(crate) fn root_device(self) -> &'static str {
        if matches!(self, Self::AmazonLinux) {
            "/dev/xvda"
        } else {
            "/dev/sda1"
        }
    }
}

impl Shape {
    pub(crate) fn architecture(&self) -> &'static str {
        if self.arm { "arm64" } else { "x86_64" }
    }
}
