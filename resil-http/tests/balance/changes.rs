//! Endpoints that a stream tells of.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures_util::{Stream, stream};
use resil_http::Verdict;
use resil_http::balance::{BalanceError, Balancer, Endpoint, Endpoints, MAX_ENDPOINTS, Strategy};
use resil_runtime::{Class, Classify, clock};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower::discover::Change;

use crate::support::{eject, figures, millis, number, pick, url};

type Told<K> = Result<Change<K, Endpoint>, io::Error>;

fn stream_of<K>(told: UnboundedReceiver<Told<K>>) -> impl Stream<Item = Told<K>> {
    stream::unfold(told, async |mut told| Some((told.recv().await?, told)))
}

#[expect(clippy::unnecessary_wraps, reason = "it is an item of the stream")]
fn insert_url(key: usize, url: &str) -> Told<usize> {
    Ok(Change::Insert(key, url.parse().expect("an endpoint")))
}

fn insert(key: usize, n: usize) -> Told<usize> {
    insert_url(key, &url(n))
}

/// A balancer, and what tells it of changes.
fn balancer(name: &str) -> (Balancer, UnboundedSender<Told<usize>>) {
    let (tell, told) = unbounded_channel();
    let builder = Balancer::builder(name, Endpoints::changes(stream_of(told)));
    let balancer = builder.strategy(Strategy::RoundRobin).build();
    (balancer.expect("a runtime"), tell)
}

/// Lets the task that follows the endpoints run until it waits.
async fn settle() {
    clock::sleep_until(clock::now() + millis(1)).await;
}

fn known(balancer: &Balancer) -> Vec<usize> {
    let stats = balancer.stats();
    let numbers = stats.endpoints.iter().map(|endpoint| {
        let (host, _) = endpoint.authority.split_once(':').expect("a port");
        host.rsplit('.')
            .next()
            .expect("a number")
            .parse()
            .expect("a number")
    });
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test(start_paused = true)]
async fn endpoints_come_go_and_are_replaced() {
    let (balancer, tell) = balancer("changes.come");
    let steps = [
        (vec![insert(1, 1), insert(2, 2)], vec![1, 2]),
        (vec![insert(3, 3), Ok(Change::Remove(1))], vec![2, 3]),
        // A key that comes again takes the place of its endpoint.
        (vec![insert(2, 9)], vec![3, 9]),
        // Two keys of one endpoint are one endpoint, until both are gone.
        (vec![insert(4, 9)], vec![3, 9]),
        (vec![Ok(Change::Remove(2))], vec![3, 9]),
        (vec![Ok(Change::Remove(4)), Ok(Change::Remove(77))], vec![3]),
    ];
    for (changes, endpoints) in steps {
        for change in changes {
            tell.send(change).expect("it listens");
        }
        settle().await;
        assert_eq!(known(&balancer), endpoints);
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_with_another_scheme_takes_the_place_of_its_key() {
    let (balancer, tell) = balancer("changes.scheme");
    let shown = || {
        let endpoints = balancer.endpoints();
        let mut shown: Vec<_> = endpoints.iter().map(ToString::to_string).collect();
        shown.sort_unstable();
        shown
    };
    let steps = [
        (insert_url(1, "http://a:8443"), vec!["http://a:8443"]),
        (insert_url(1, "https://a:8443"), vec!["https://a:8443"]),
        (insert_url(1, "http://a:443"), vec!["http://a:443"]),
        // Where the port is the scheme's own, it is another one all the same.
        (insert_url(1, "https://a"), vec!["https://a:443"]),
        // The old one and the new one are two, until the old one goes.
        (
            insert_url(2, "http://a:443"),
            vec!["http://a:443", "https://a:443"],
        ),
        (Ok(Change::Remove(1)), vec!["http://a:443"]),
        (insert_url(2, "http://A:443/"), vec!["http://a:443"]),
    ];
    for (change, endpoints) in steps {
        tell.send(change).expect("it listens");
        settle().await;
        assert_eq!(shown(), endpoints);
        assert!(endpoints.contains(&&*pick(&balancer).endpoint().to_string()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_an_endpoint_stays_when_others_change() {
    let (balancer, tell) = balancer("changes.known");
    for n in 1..=3 {
        tell.send(insert(n, n)).expect("it listens");
    }
    settle().await;
    eject(&balancer, 2);
    let held = pick(&balancer);
    let before = figures(&balancer, 2);
    tell.send(insert(4, 4)).expect("it listens");
    tell.send(Ok(Change::Remove(1))).expect("it listens");
    settle().await;
    assert_eq!(figures(&balancer, 2), before);
    assert_eq!(
        figures(&balancer, number(&held).max(3)).pending,
        u32::from(number(&held) == 3)
    );
    // An endpoint that goes and comes again is as its breaker knows it.
    tell.send(Ok(Change::Remove(2))).expect("it listens");
    settle().await;
    tell.send(insert(2, 2)).expect("it listens");
    settle().await;
    assert!(figures(&balancer, 2).is_ejected);
    held.end(&Verdict::Success);
}

/// What was wrong once is not why there is no endpoint now.
#[tokio::test(start_paused = true)]
async fn after_all_are_gone_ready_waits_for_the_next() {
    let (balancer, tell) = balancer("changes.gone");
    tell.send(Err(io::Error::other("away")))
        .expect("it listens");
    settle().await;
    let error = balancer.ready().await.expect_err("it is told why");
    assert!(error.to_string().ends_with("away"), "{error}");
    for change in [insert(1, 1), Ok(Change::Remove(1))] {
        tell.send(change).expect("it listens");
        settle().await;
    }
    let error = balancer.pick(&[], None).expect_err("none");
    let gone = "`changes.gone` has no endpoint: all that were known have been removed";
    assert_eq!(error.to_string(), gone);
    assert!(balancer.stats().last_fault.is_some());
    let ready = balancer.ready();
    let insert = async {
        settle().await;
        tell.send(insert(2, 2)).expect("it listens");
    };
    let (ready, ()) = futures_util::join!(ready, insert);
    ready.expect("the next one");
    assert_eq!(known(&balancer), [2]);
}

#[tokio::test(start_paused = true)]
async fn without_an_endpoint_a_pick_fails_and_ready_waits_for_the_first() {
    let (balancer, tell) = balancer("changes.first");
    let error = balancer.pick(&[], None).expect_err("none");
    assert_eq!(
        error.to_string(),
        "`changes.first` has no endpoint: none is known yet"
    );
    assert!(matches!(error, BalanceError::NoEndpoint { .. }));
    assert_eq!(error.classify(), Class::Transient);
    let waits = balancer.clone();
    let ready = tokio::spawn(async move { waits.ready().await });
    settle().await;
    assert!(!ready.is_finished());
    tell.send(insert(1, 1)).expect("it listens");
    ready.await.expect("a task").expect("an endpoint");
    assert_eq!(number(&pick(&balancer)), 1);
    tell.send(Ok(Change::Remove(1))).expect("it listens");
    settle().await;
    assert!(
        balancer.pick(&[], None).is_err(),
        "the stream has said that there is none"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_and_the_end_of_the_stream_are_told_and_change_nothing() {
    let (balancer, tell) = balancer("changes.wrong");
    tell.send(insert(1, 1)).expect("it listens");
    tell.send(Err(io::Error::other("the registry is away")))
        .expect("it listens");
    tell.send(insert(2, 2)).expect("it goes on");
    settle().await;
    let stats = balancer.stats();
    assert_eq!(known(&balancer), [1, 2]);
    assert_eq!(stats.faults, 1);
    assert_eq!(
        stats.last_fault.as_deref(),
        Some("the stream of changes: the registry is away")
    );
    drop(tell);
    settle().await;
    let stats = balancer.stats();
    assert_eq!(known(&balancer), [1, 2]);
    let ended = "the stream of changes has ended: the endpoints stay as they are";
    assert_eq!(
        (stats.faults, stats.last_fault.as_deref()),
        (2, Some(ended))
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_without_an_endpoint_lets_nobody_wait() {
    let (balancer, tell) = balancer("changes.ended");
    drop(tell);
    let error = balancer.ready().await.expect_err("none will come");
    assert_eq!(
        error.to_string(),
        "`changes.ended` has no endpoint: the stream of changes has ended: the endpoints stay as they are"
    );
}

#[tokio::test(start_paused = true)]
async fn the_number_of_endpoints_is_bounded() {
    let (balancer, tell) = balancer("changes.bounded");
    for n in 0..2 * MAX_ENDPOINTS {
        let endpoint = format!("http://pay-{n}").parse().expect("an endpoint");
        tell.send(Ok(Change::Insert(n, endpoint)))
            .expect("it listens");
    }
    settle().await;
    let stats = balancer.stats();
    assert_eq!(stats.endpoints.len(), MAX_ENDPOINTS);
    assert!(
        stats
            .last_fault
            .expect("told")
            .contains("more than 1024 endpoints")
    );
}

/// A key that counts how many of its kind there are.
#[derive(PartialEq, Eq, Hash)]
struct Counted(usize, Counter);

struct Counter(Arc<AtomicUsize>);

impl Counter {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl PartialEq for Counter {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Counter {}

impl std::hash::Hash for Counter {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[tokio::test(start_paused = true)]
async fn a_thousand_changes_a_second_leak_nothing() {
    let name = "changes.thousand";
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let tasks_before = tasks();
    let keys = Arc::new(AtomicUsize::new(0));
    let (tell, told) = unbounded_channel::<Told<Counted>>();
    let endpoints = Endpoints::changes(stream_of(told));
    let balancer = Balancer::new(name, endpoints).expect("a runtime");
    assert_eq!(tasks(), tasks_before + 1);
    let mut held = Vec::new();
    // Five seconds of a thousand changes each, over 60 endpoints of which half are there at a time.
    for change in 0..5_000_usize {
        let n = change % 60;
        let key = Counted(n, Counter::new(&keys));
        let told = if change % 2 == 0 {
            Change::Insert(
                key,
                format!("http://pay-{n}:80").parse().expect("an endpoint"),
            )
        } else {
            Change::Remove(Counted(((change * 7) % 60) & !1, Counter::new(&keys)))
        };
        tell.send(Ok(told)).expect("it listens");
        if let Ok(picked) = balancer.pick(&[], None) {
            held.push(picked);
        }
        if held.len() == 50 {
            held.drain(..)
                .for_each(|picked| picked.end(&Verdict::Success));
        }
        settle().await;
    }
    held.clear();
    let stats = balancer.stats();
    assert!(stats.endpoints.len() <= 30, "{}", stats.endpoints.len());
    assert_eq!(
        keys.load(SeqCst),
        stats.endpoints.len(),
        "keys of endpoints that are there, and no others"
    );
    assert!(stats.endpoints.iter().all(|endpoint| endpoint.pending == 0));
    assert!(
        resil_runtime::breaker(name).keys().len() <= 30,
        "a breaker for each endpoint that there ever was"
    );
    assert_eq!(tasks(), tasks_before + 1);
    drop(balancer);
    settle().await;
    assert_eq!(
        tasks(),
        tasks_before,
        "the task ends with the last balancer"
    );
    assert_eq!(keys.load(SeqCst), 0);
    assert!(tell.is_closed());
}
