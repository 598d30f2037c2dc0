//! The streams that programs read: both sources, their bounds, their ends.

use std::ops::ControlFlow;

use aws_ssm_proto::Client;
use aws_ssm_proto::client::{StreamOptions, StreamSource};
use aws_ssm_proto::domain::{Caller, Column, Error, ErrorKind, ListQuery, ListSummary};
use aws_ssm_tests::harness::TestDaemon;
use aws_ssm_tests::sandbox::{Fault, Sandbox};

use super::{in_order, of_size};
use crate::stage::{OTHER_REGION, REGION, first_caller};

const SOURCES: [StreamSource; 2] = [StreamSource::Aws, StreamSource::Cache];

fn everything() -> ListQuery {
    ListQuery {
        all_states: true,
        columns: Column::all().collect(),
        ..ListQuery::default()
    }
}

fn pages_of(source: StreamSource, size: u16) -> StreamOptions {
    StreamOptions {
        page_size: Some(size),
        source,
        ..StreamOptions::default()
    }
}

/// What a stream gives: the ids of each page, and the summary.
async fn read(
    client: &Client,
    caller: &Caller,
    options: &StreamOptions,
) -> Result<(Vec<Vec<String>>, Option<ListSummary>), Error> {
    let mut pages = Vec::new();
    let stream = client.instance_stream(caller, &everything(), options);
    let ended = stream.for_each(|page| {
        let ids = page.rows().filter_map(|row| row.id.map(str::to_owned));
        pages.push(ids.collect());
        ControlFlow::Continue(())
    });
    let summary = ended.await?;
    Ok((pages, summary))
}

async fn held(client: &Client) -> usize {
    let entries = client.cache().await.expect("an answer");
    entries
        .iter()
        .filter(|entry| entry.resource == "instances")
        .count()
}

#[tokio::test]
async fn every_instance_comes_once_from_the_cache_and_straight_from_aws() {
    let sandbox = Sandbox::start(of_size(250)).await.expect("a sandbox");
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let mut caller = first_caller(&sandbox);
    caller.regions.push(OTHER_REGION.to_owned());
    let regions = [REGION, OTHER_REGION];
    let fleet = regions.map(|region| in_order(&sandbox, region)).concat();
    for (source, entries) in [
        (StreamSource::Aws, 0),
        (StreamSource::Cache, 2),
        (StreamSource::Cache, 2),
        (StreamSource::Aws, 2),
    ] {
        for size in [7, 100, 1000] {
            let read = read(&client, &caller, &pages_of(source, size)).await;
            let (pages, summary) = read.expect("a stream");
            assert!(pages.iter().all(|page| page.len() <= usize::from(size)));
            assert_eq!(pages.concat(), fleet, "{source:?}, {size}");
            let summary = summary.expect("it came to its end");
            assert_eq!((summary.matched, summary.regions.len()), (500, 2));
        }
        assert_eq!(
            held(&client).await,
            entries,
            "straight from AWS keeps nothing"
        );
    }
    daemon.stop().await;
}

#[tokio::test]
async fn the_most_items_bind_and_end_the_calls() {
    let sandbox = Sandbox::start(of_size(250)).await.expect("a sandbox");
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let first = &in_order(&sandbox, REGION)[..25];
    for source in SOURCES {
        let options = StreamOptions {
            max_items: Some(25),
            ..pages_of(source, 10)
        };
        let (pages, summary) = read(&client, &caller, &options).await.expect("a stream");
        let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
        assert_eq!((sizes, pages.concat().as_slice()), (vec![10, 10, 5], first));
        assert!(!summary.expect("its end").regions[0].cut);
        if source == StreamSource::Aws {
            assert_eq!(sandbox.counts().of("DescribeInstances"), 3);
        }
    }
    let nothing = StreamOptions {
        max_items: Some(0),
        ..StreamOptions::default()
    };
    sandbox.reset_counts();
    assert_eq!(
        read(&client, &caller, &nothing)
            .await
            .expect("no rows")
            .0
            .len(),
        0
    );
    assert_eq!(sandbox.counts().total(), 0);
    daemon.stop().await;
}

#[tokio::test]
async fn the_configured_maximum_binds_a_stream_and_is_said() {
    let sandbox = Sandbox::start(of_size(60)).await.expect("a sandbox");
    let daemon = TestDaemon::start("performance:\n  streaming_max_items: 37\n").await;
    let client = daemon.client().await;
    for source in SOURCES {
        let read = read(&client, &first_caller(&sandbox), &pages_of(source, 10)).await;
        let (pages, summary) = read.expect("a stream");
        assert_eq!(
            pages.concat(),
            in_order(&sandbox, REGION)[..37],
            "{source:?}"
        );
        assert!(summary.expect("its end").regions[0].cut, "{source:?}");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_page_size_that_aws_does_not_take_is_wrong_usage() {
    let sandbox = Sandbox::start(of_size(10)).await.expect("a sandbox");
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    for size in [1, 4, 1001] {
        let options = pages_of(StreamSource::Aws, size);
        let error = read(&client, &caller, &options).await;
        let error = error.expect_err("out of range");
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.why.contains("5 to 1000"), "{error:?}");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_refused_midway_fails_after_what_came() {
    let sandbox = Sandbox::start(of_size(60)).await.expect("a sandbox");
    let refused = Fault::access_denied().on("DescribeInstances").after(2);
    sandbox.inject(refused);
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let options = pages_of(StreamSource::Aws, 20);
    let mut stream = client.instance_stream(&caller, &everything(), &options);
    let mut rows = 0;
    let error = loop {
        match stream.next().await {
            Ok(page) => rows += page.expect("more to come").rows().count(),
            Err(error) => break error,
        }
    };
    assert_eq!((rows, error.kind), (40, ErrorKind::Permission));
    daemon.stop().await;
}

/// How many pages AWS was asked for when nobody asks for more.
async fn at_rest(sandbox: &Sandbox, client: &Client) -> u64 {
    loop {
        let before = sandbox.counts().of("DescribeInstances");
        for _ in 0..200 {
            client.hello().await.expect("an answer");
        }
        if sandbox.counts().of("DescribeInstances") == before {
            return before;
        }
    }
}

#[tokio::test]
async fn a_reader_who_stalls_stops_the_calls_until_he_reads_on() {
    const SIZE: usize = 8_000;
    let sandbox = Sandbox::start(of_size(SIZE)).await.expect("a sandbox");
    let config = "resilience:\n  requests_per_second: 10000\n  burst: 10000\n\
                  performance:\n  streaming_max_items: 100000\n";
    let daemon = TestDaemon::start(config).await;
    let (reader, other) = (daemon.client().await, daemon.client().await);
    let caller = first_caller(&sandbox);
    let options = pages_of(StreamSource::Aws, 100);
    let mut stream = reader.instance_stream(&caller, &everything(), &options);
    let first = stream.next().await.expect("a page").expect("a page");
    let asked = at_rest(&sandbox, &other).await;
    assert!(
        asked < 80,
        "he has read one page, and AWS was asked for {asked}"
    );
    let mut rows = first.rows().count();
    while let Some(page) = stream.next().await.expect("the rest") {
        rows += page.rows().count();
    }
    assert_eq!(rows, SIZE);
    assert_eq!(sandbox.counts().of("DescribeInstances"), 80);
    drop(stream);
    drop((reader, other));
    daemon.stop().await;
}

#[tokio::test]
async fn breaking_off_ends_the_calls_to_aws() {
    let sandbox = Sandbox::start(of_size(5000)).await.expect("a sandbox");
    // It would hold up the end of the daemon if it went on.
    sandbox.inject(Fault::hang().on("DescribeInstances").after(3));
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let mut pages = 0;
    let caller = first_caller(&sandbox);
    let options = pages_of(StreamSource::Aws, 5);
    let stream = client.instance_stream(&caller, &everything(), &options);
    let ended = stream.for_each(|_| {
        pages += 1;
        ControlFlow::Break(())
    });
    assert!(ended.await.expect("no failure").is_none());
    assert_eq!(pages, 1);
    let asked = at_rest(&sandbox, &client).await;
    sandbox.clear_faults();
    assert_eq!(at_rest(&sandbox, &client).await, asked, "nobody goes on");
    daemon.stop().await;
}
