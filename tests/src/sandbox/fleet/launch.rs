//! Owns how instances come to be: the plan of a launch, and the instances of it.
//!
//! Invariant: a fleet's names, states and types follow from its seed alone. The
//! first launch is of `web-1` in prod, and the first four instances run, so that
//! the smallest fleet has something to show.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::catalog::{
    ENVIRONMENT_TURNS, ENVIRONMENTS, Environment, SERVICE_TURNS, SERVICES, Service, Shape,
};
use super::instance::{Agent, Instance, Origin, Profile, State, Volume};
use super::network::{Home, Network};
use super::wiring::Wiring;
use crate::sandbox::account;
use crate::sandbox::random::Random;

const ALWAYS_RUNNING: usize = 4;
/// Every so many launches one replaces an instance and leaves it stopped.
const REPLACEMENT_TURN: usize = 16;
const AGENT_VERSIONS: [&str; 4] = ["3.3.1611.0", "3.3.1611.0", "3.3.987.0", "3.2.2303.0"];

/// What may differ between the fleet's first instances and later ones.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Age {
    /// Launched at some time before this one, in any state.
    Before(Timestamp),
    /// Launched at this moment, running.
    Now(Timestamp),
}

/// Makes the instances of one fleet.
#[derive(Debug)]
pub(crate) struct Launcher {
    home: Arc<Home>,
    random: Random,
    agent_share: f64,
    launches: usize,
    /// How many instances bear a name that begins so.
    names: HashMap<String, u32>,
    images: HashMap<(&'static str, &'static str), Arc<str>>,
    profiles: HashMap<&'static str, Arc<Profile>>,
}

/// What the instances of one launch have in common.
struct Launch {
    environment: usize,
    service: usize,
    shape: &'static Shape,
    spot: bool,
    launched: Timestamp,
    reservation: Arc<str>,
    age: Age,
}

impl Launch {
    fn environment(&self) -> &'static Environment {
        &ENVIRONMENTS[self.environment]
    }

    fn service(&self) -> &'static Service {
        &SERVICES[self.service]
    }
}

impl Launcher {
    pub(crate) fn new(home: Arc<Home>, random: Random, agent_share: f64) -> Self {
        Self {
            home,
            random,
            agent_share,
            launches: 0,
            names: HashMap::new(),
            images: HashMap::new(),
            profiles: HashMap::new(),
        }
    }

    /// Launches until `instances` is `size` long.
    pub(crate) fn fill(
        &mut self,
        instances: &mut Vec<Instance>,
        network: &mut Network,
        size: usize,
        age: Age,
    ) {
        while instances.len() < size {
            let launch = self.plan(age);
            let left = (size - instances.len()) as u64;
            let count = (1 + self.random.below(launch.service().batch)).min(left);
            for index in 0..count {
                let number = instances.len();
                let mut instance = self.instance(&launch, index, number, network);
                instance.tags = self.tags(&launch);
                self.settle(&mut instance, &launch, number);
                instances.push(instance);
            }
            if self.launches.is_multiple_of(REPLACEMENT_TURN) && instances.len() < size {
                self.replace_last(&launch, instances, network);
            }
        }
    }

    fn plan(&mut self, age: Age) -> Launch {
        let environment = ENVIRONMENT_TURNS[self.launches % ENVIRONMENT_TURNS.len()];
        let service = SERVICE_TURNS[self.launches % SERVICE_TURNS.len()];
        self.launches += 1;
        let launched = match age {
            Age::Now(now) => now,
            Age::Before(now) => {
                // Most are days old, some months, a few minutes.
                let most = *self
                    .random
                    .pick(&[3_600, 86_400, 604_800, 2_592_000, 31_536_000]);
                now - SignedDuration::from_secs(60 + self.random.below(most) as i64)
            }
        };
        Launch {
            environment,
            service,
            shape: self.random.pick(SERVICES[service].shapes),
            spot: self.random.chance(SERVICES[service].spot),
            launched,
            reservation: format!("r-0{}", self.random.hex(16)).into(),
            age,
        }
    }

    /// One more of the last instance, under its name; the old one is stopped.
    fn replace_last(
        &mut self,
        launch: &Launch,
        instances: &mut Vec<Instance>,
        network: &mut Network,
    ) {
        let number = instances.len();
        let Some(old) = instances.last_mut() else {
            return;
        };
        if old.state == State::Terminated {
            return;
        }
        old.spot_request = None;
        old.enter(State::Stopped, launch.launched);
        let tags = old.tags.clone();
        let mut successor = self.instance(launch, 0, number, network);
        successor.reservation = format!("r-0{}", self.random.hex(16)).into();
        successor.tags = tags;
        instances.push(successor);
    }

    /// A running instance, not yet tagged.
    fn instance(
        &mut self,
        launch: &Launch,
        launch_index: u64,
        number: usize,
        network: &mut Network,
    ) -> Instance {
        let service = launch.service();
        let random = &mut self.random;
        let place = network.place(number, launch.environment, service.public, random);
        let mut instance = Instance::new(Origin {
            id: format!("i-0{}", random.hex(16)),
            home: Arc::clone(&self.home),
            zone: Arc::clone(&network.subnet(place).zone),
            reservation: Arc::clone(&launch.reservation),
            launch_index,
            launched: launch.launched,
            shape: launch.shape,
            system: service.system,
            image: self.image(launch),
        });
        instance.key_name = match launch.environment {
            _ if service.autoscaled => None,
            0 => Some("ops-prod"),
            _ => Some("ops"),
        };
        instance.profile = Some(self.profile(service.name));
        if launch.spot {
            let request = self.random.text(8, b"abcdefghijkmnpqrstuvwxyz23456789");
            instance.spot_request = Some(format!("sir-{request}"));
        }
        instance.monitored = launch.environment == 0;
        instance.volumes = self.volumes(launch);
        let wiring = Wiring {
            service: launch.service,
            cards: launch.shape.cards,
            place,
        };
        instance.interfaces = wiring.interfaces(network, &mut self.random);
        instance.agent = self.agent();
        instance
    }

    /// Gives the instance the state that chance has for it.
    fn settle(&mut self, instance: &mut Instance, launch: &Launch, number: usize) {
        let Age::Before(now) = launch.age else {
            return;
        };
        let state = self.state(launch, number);
        match state {
            State::Running => {}
            State::Stopped | State::Terminated => instance.enter(state, launch.launched),
            // Half-way states pass in minutes, so those began just now.
            State::Pending | State::Stopping | State::ShuttingDown => {
                let since = now - SignedDuration::from_secs(30);
                if state == State::Pending {
                    instance.launched = since;
                }
                instance.enter(state, since);
            }
        }
    }

    fn state(&mut self, launch: &Launch, number: usize) -> State {
        if number < ALWAYS_RUNNING {
            return State::Running;
        }
        match self.random.below(100) {
            // A spot instance that is stopped would need a persistent request.
            0..5 if !launch.spot => State::Stopped,
            5..7 => State::Terminated,
            7 => State::Pending,
            8 if !launch.spot => State::Stopping,
            _ => State::Running,
        }
    }

    fn tags(&mut self, launch: &Launch) -> Vec<(String, String)> {
        let (environment, service) = (launch.environment(), launch.service());
        let stem = format!("{}{}", environment.prefix, service.name);
        let number = self.names.entry(stem.clone()).or_default();
        *number += 1;
        // One in a hundred was started by hand and never named.
        let named = *number % 100 != 42;
        let mut tags = Vec::new();
        let mut tag = |key: &str, value: &str| tags.push((key.to_owned(), value.to_owned()));
        if named {
            tag("Name", &format!("{stem}-{number}"));
        }
        tag("Environment", environment.name);
        tag("Service", service.name);
        tag("Team", service.team);
        tag("CostCenter", service.cost_center);
        tag("ManagedBy", if named { "terraform" } else { "" });
        if service.autoscaled {
            let group = format!("{}-{}", environment.name, service.name);
            tag("aws:autoscaling:groupName", &group);
            tag("aws:ec2launchtemplate:version", "7");
        }
        if service.name == "db" {
            tag("Backup", "daily, 30 days & \"weekly\"");
        }
        tags
    }

    fn volumes(&mut self, launch: &Launch) -> Vec<Volume> {
        let service = launch.service();
        let devices = match service.name {
            "db" | "ml" => &[service.system.root_device(), "/dev/sdf"][..],
            _ => &[service.system.root_device()],
        };
        let volume = |&device| Volume {
            id: format!("vol-0{}", self.random.hex(16)),
            device,
        };
        devices.iter().map(volume).collect()
    }

    fn agent(&mut self) -> Option<Agent> {
        let version = *self.random.pick(&AGENT_VERSIONS);
        let lost = self.random.chance(0.03);
        self.random
            .chance(self.agent_share)
            .then_some(Agent { version, lost })
    }

    fn image(&mut self, launch: &Launch) -> Arc<str> {
        let (system, architecture) = (launch.service().system, launch.shape.architecture());
        let random = &mut self.random;
        let image = self
            .images
            .entry((system.release().0, architecture))
            .or_insert_with(|| format!("ami-0{}", random.hex(16)).into());
        Arc::clone(image)
    }

    fn profile(&mut self, service: &'static str) -> Arc<Profile> {
        let account = &self.home.account;
        let profile = self.profiles.entry(service).or_insert_with(|| {
            let arn = format!("arn:aws:iam::{account}:instance-profile/{service}");
            Arc::new(Profile {
                id: account::unique_id("AIPA", &arn),
                arn,
            })
        });
        Arc::clone(profile)
    }
}
