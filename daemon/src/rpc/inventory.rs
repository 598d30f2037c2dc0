//! Questions about the fleet.

use std::sync::Arc;
use std::time::SystemTime;

use aws_ssm_proto::convert;
use aws_ssm_proto::domain::{Caller, Column, Error, Freshness, ListQuery, ListSummary, Sort};
use aws_ssm_proto::wire;
use aws_ssm_proto::wire::inventory_server;
use futures_util::stream::BoxStream;
use prost::Message;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::call::Method;
use super::question::Question;
use super::regions::{Scope, failed_region, no_answer};
use super::targets::{Findings, Search};
use super::{completion, interfaces, progress, straight, stream};
use crate::aws::Filters;
use crate::daemon::Daemon;
use crate::identity::{Admission, Unverified};
use crate::inventory::{AgentsNeed, encode_row};
use crate::query::list;

#[derive(Debug)]
pub(super) struct InventoryService {
    list_instances: Method,
    resolve_targets: Method,
    list_interfaces: Method,
    list_regions: Method,
    who_am_i: Method,
    complete: Method,
}

impl InventoryService {
    pub(super) fn new(daemon: &Arc<Daemon>) -> Self {
        Self {
            list_instances: Method::new(daemon, "ListInstances"),
            resolve_targets: Method::new(daemon, "ResolveTargets"),
            list_interfaces: Method::new(daemon, "ListInterfaces"),
            list_regions: Method::new(daemon, "ListRegions"),
            who_am_i: Method::new(daemon, "WhoAmI"),
            complete: Method::new(daemon, "Complete"),
        }
    }
}

#[tonic::async_trait]
impl inventory_server::Inventory for InventoryService {
    type ListInstancesStream = BoxStream<'static, Result<wire::Page, Status>>;

    async fn list_instances(
        &self,
        request: Request<wire::ListInstancesRequest>,
    ) -> Result<Response<Self::ListInstancesStream>, Status> {
        let method = &self.list_instances;
        let work = |mut question: wire::ListInstancesRequest, deadline| async move {
            let asked_straight = question.straight.take();
            let is_attended = question.progress;
            let (caller, query): (Caller, ListQuery) = question.try_into()?;
            // What was typed wrong is told before anybody is asked.
            let question = Question::new(query, SystemTime::now())?;
            if let Some(asked) = &asked_straight {
                let admission = method.daemon.identities.admit(&caller, deadline).await?;
                if let Some(why) = admission.identity.unconfirmed() {
                    return Err(why.clone());
                }
                let freshness = question.query.freshness;
                let scope = Scope::of(&method.daemon, admission, freshness, deadline).await?;
                return straight::pages(&method.daemon, scope, question, asked, deadline);
            }
            let freshness = question.query.freshness;
            let filters = question.filters(&method.daemon.inventory);
            let scope = admit_to_fleet(&method.daemon, &caller, &filters, freshness, deadline);
            let scope = scope.await?;
            match question.query.sort {
                Sort::Unsorted => {
                    let daemon = &method.daemon;
                    Ok(stream::unsorted(daemon, scope, question, filters, deadline).await)
                }
                _ if is_attended => {
                    let (daemon, scope) = (Arc::clone(&method.daemon), Arc::new(scope));
                    let asked = progress::Asked::new(&daemon, &scope, &filters);
                    let answer =
                        async move { sorted(&daemon, &scope, &question, &filters, deadline).await };
                    progress::beside(asked, answer).await
                }
                _ => sorted(&method.daemon, &scope, &question, &filters, deadline).await,
            }
        };
        method.serve(request, work).await
    }

    async fn resolve_targets(
        &self,
        request: Request<wire::ResolveTargetsRequest>,
    ) -> Result<Response<wire::ResolveTargetsResponse>, Status> {
        let method = &self.resolve_targets;
        let work = |question, deadline| async move {
            resolve_all(&method.daemon, question, deadline).await
        };
        method.serve(request, work).await
    }

    type ListInterfacesStream = interfaces::Pages;

    async fn list_interfaces(
        &self,
        request: Request<wire::ListInterfacesRequest>,
    ) -> Result<Response<Self::ListInterfacesStream>, Status> {
        let method = &self.list_interfaces;
        let work = |question: wire::ListInterfacesRequest, deadline| async move {
            let (caller, query) = question.try_into()?;
            interfaces::pages(&method.daemon, &caller, query, deadline).await
        };
        method.serve(request, work).await
    }

    async fn list_regions(
        &self,
        request: Request<wire::ListRegionsRequest>,
    ) -> Result<Response<wire::ListRegionsResponse>, Status> {
        let method = &self.list_regions;
        let work = |question: wire::ListRegionsRequest, deadline| async move {
            let caller = question.caller.unwrap_or_default().into();
            let asked = question.freshness.unwrap_or_default().into();
            let daemon = &method.daemon;
            let Admission { identity, regions } =
                daemon.identities.admit(&caller, deadline).await?;
            let cached = &daemon.inventory.regions;
            let served = cached.get(&identity, regions.home(), asked, deadline);
            let served = served.await?;
            let regions = served.entry.value.iter().cloned().map(Into::into);
            Ok(wire::ListRegionsResponse {
                regions: regions.collect(),
            })
        };
        method.serve(request, work).await
    }

    async fn who_am_i(
        &self,
        request: Request<wire::WhoAmIRequest>,
    ) -> Result<Response<wire::WhoAmIResponse>, Status> {
        let method = &self.who_am_i;
        let work = |question: wire::WhoAmIRequest, deadline| async move {
            let caller = question.caller.unwrap_or_default().into();
            let asked = Freshness::Configured;
            let scope = Scope::admit(&method.daemon, &caller, asked, deadline).await?;
            Ok(scope.describe()?.into())
        };
        method.serve(request, work).await
    }

    async fn complete(
        &self,
        request: Request<wire::CompleteRequest>,
    ) -> Result<Response<wire::CompleteResponse>, Status> {
        let method = &self.complete;
        let work = |question, deadline| async move {
            completion::candidates(&method.daemon, question, deadline).await
        };
        method.serve(request, work).await
    }
}

/// Admits a caller who asks for instances. While STS is asked who a new one is, EC2
/// is asked for them already.
pub(super) async fn admit_to_fleet(
    daemon: &Daemon,
    caller: &Caller,
    filters: &Filters,
    asked: Freshness,
    deadline: Instant,
) -> Result<Scope, Error> {
    let beside = |unverified: Unverified| {
        // What is asked for now would be too old for him.
        if asked != Freshness::Fresh {
            daemon.inventory.look_ahead(&unverified, filters);
        }
    };
    let identities = &daemon.identities;
    let admission = identities.admit_beside(caller, deadline, beside).await?;
    Scope::of(daemon, admission, asked, deadline).await
}

/// The whole answer, in pages.
async fn sorted(
    daemon: &Daemon,
    scope: &Scope,
    question: &Question,
    filters: &Filters,
    deadline: Instant,
) -> Result<BoxStream<'static, Result<wire::Page, Status>>, Error> {
    let need = question.agents_need();
    let asked = question.query.freshness;
    let (inventory, identity) = (&daemon.inventory, &scope.identity);
    let loads =
        scope.each(|region| inventory.chosen(identity, region, filters, asked, need, deadline));
    let mut fleets = Vec::new();
    let mut regions = Vec::new();
    for (region, outcome) in scope.regions.iter().zip(loads.await) {
        match outcome {
            Ok((fleet, summary)) => match question.unanswerable(fleet.agents_unknown()) {
                Some(error) => regions.push(failed_region(region, error)),
                None => {
                    fleets.push(fleet);
                    regions.push(summary);
                }
            },
            // The whole call is made again when it is answered.
            Err(error) if error.challenge.is_some() => return Err(error),
            Err(error) => regions.push(failed_region(region, error)),
        }
    }
    if fleets.is_empty() {
        return Err(no_answer(&regions));
    }
    let selection = list::list(&fleets, &question.query, &question.conditions);
    let summary = ListSummary {
        matched: selection.matched,
        regions,
    };
    let call = daemon.life.call();
    Ok(stream::pages(selection.rows, &summary, call))
}

async fn resolve_all(
    daemon: &Daemon,
    question: wire::ResolveTargetsRequest,
    deadline: Instant,
) -> Result<wire::ResolveTargetsResponse, Error> {
    let caller: Caller = question.caller.unwrap_or_default().into();
    let columns = convert::columns(&question.columns)?;
    convert::check_targets(&question.targets)?;
    let asked: Freshness = question.freshness.unwrap_or_default().into();
    let need = if columns.iter().any(Column::is_agent) {
        AgentsNeed::Wait
    } else {
        AgentsNeed::Ignore
    };
    let everything = Filters::default();
    let scope = admit_to_fleet(daemon, &caller, &everything, asked, deadline).await?;
    let search = Search {
        daemon,
        scope: &scope,
        asked,
        need,
        deadline,
    };
    let found = search.find(&question.targets);
    if !question.with_interfaces {
        return Ok(describe(&found.await?, &columns));
    }
    let connected = interfaces::Wanted {
        daemon,
        scope: &scope,
        asked,
        deadline,
    };
    let beside = async { Ok(connected.beforehand().await) };
    let (findings, early) = tokio::try_join!(found, beside)?;
    let mut answer = describe(&findings, &columns);
    let (interfaces, summary) = connected.of(&findings.found, early).await;
    answer.interfaces = interfaces;
    answer.interfaces_summary = Some((&summary).into());
    Ok(answer)
}

fn describe(findings: &Findings, columns: &[Column]) -> wire::ResolveTargetsResponse {
    let mut answer = wire::ResolveTargetsResponse {
        refused: findings.refused.iter().map(Into::into).collect(),
        ..wire::ResolveTargetsResponse::default()
    };
    let mut encoded = Vec::new();
    for one in &findings.found {
        encoded.clear();
        encode_row(&one.fleet, one.row(), columns, &mut encoded);
        let instance = wire::Instance::decode(encoded.as_slice())
            .expect("a row is encoded as the message it is");
        answer.instances.push(instance);
        answer.sources.push((&one.source).into());
        answer.matched_by.push(wire::MatchedBy::from(one.by).into());
        let agents_error = one.fleet.agents_error.as_ref();
        answer.agent_error = answer.agent_error.or(agents_error.map(Into::into));
    }
    answer
}
