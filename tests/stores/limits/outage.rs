//! A server that stands still, that is killed, and that is there again: what `on_outage` lets in meanwhile,
//! and that the limit holds again afterwards.

use std::cell::Cell;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, atomic::Ordering::SeqCst};
use std::time::{Duration, Instant};

use resil::event::{self, Event};
use resil::limits::SharedLimits;
use resil::{Error, rate_limit};
use tokio::time::sleep;

use super::{LET_IN, Noted, assert_bound, open};
use crate::servers::{Kind, Own};

/// Longer than anything takes on a busy host.
const STUCK: Duration = Duration::from_secs(30);

/// So long a call waits for the server.
const TIMEOUT: Duration = Duration::from_millis(400);

const MAX: u64 = 20;
const BURST: u64 = 5;

struct Host {
    limits: SharedLimits,
    answers: Arc<AtomicU64>,
    /// When the calls of `closed` were let in, by the server's clock.
    let_in: Mutex<Vec<u64>>,
}

impl Host {
    #[rate_limit(name = "outage.open", max = 20, per = 1s, burst = 5, store = self.limits, on_outage = open)]
    async fn open(&self) -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "outage.closed", max = 20, per = 1s, burst = 5, store = self.limits, on_outage = closed)]
    async fn closed(&self) -> Result<(), Error> {
        let at = LET_IN.with(Cell::take).expect("it asked the store");
        self.let_in.lock().expect("no panic").push(at);
        Ok(())
    }

    #[rate_limit(name = "outage.local", max = 20, per = 1s, burst = 5, store = self.limits)]
    async fn local(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The server is there: all calls are counted in it.
    async fn is_up(&self, what: &str) {
        let (outages, answers) = (self.limits.outages(), self.answers.load(SeqCst));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(600) {
            // Those that are refused are asked for too.
            let (_, _, _) = (self.open().await, self.closed().await, self.local().await);
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(self.limits.outages(), outages, "{what}: it is asked");
        assert!(self.answers.load(SeqCst) >= answers + 3, "{what}");
    }

    /// The server has just gone away.
    async fn goes_away(&self, what: &str) {
        let (begun, outages) = (Instant::now(), self.limits.outages());
        while self.limits.outages() == outages {
            assert!(begun.elapsed() < STUCK, "{what}: nobody notices");
            let _ = self.open().await;
        }
        // One call or two have waited for an answer. From here on none does.
        let (begun, answers) = (Instant::now(), self.answers.load(SeqCst));
        let mut local = 0;
        for _ in 0..300 {
            assert_eq!(self.open().await, Ok(()), "{what}");
            let refused = self.closed().await;
            let Err(Error::RateLimited {
                retry_after: Some(after),
                ..
            }) = refused
            else {
                panic!("{what}: {refused:?}");
            };
            assert!(!after.is_zero() && after <= STUCK, "{what}: {after:?}");
            local += u64::from(self.local().await.is_ok());
        }
        let took = begun.elapsed();
        assert!(took < TIMEOUT * 20, "{what}: 900 calls took {took:?}");
        let micros = u64::try_from(took.as_micros()).expect("seconds");
        let most = BURST + MAX * micros / 1_000_000 + 1;
        assert!(
            (BURST..=most).contains(&local),
            "{what}: {local} of at most {most}"
        );
        assert_eq!(self.answers.load(SeqCst), answers, "{what}");
    }

    /// The server is there again, and is used again.
    async fn comes_back(&self, what: &str) {
        let (begun, answers) = (Instant::now(), self.answers.load(SeqCst));
        while self.answers.load(SeqCst) == answers {
            assert!(begun.elapsed() < STUCK, "{what}: it is not asked");
            let _ = self.open().await;
            sleep(Duration::from_millis(5)).await;
        }
        println!("{what}: used again after {:?}", begun.elapsed());
    }

    /// Never too many were let in by the server, since this was asked last.
    fn bound_held(&self) {
        let mut times = std::mem::take(&mut *self.let_in.lock().expect("no panic"));
        assert!(times.len() > usize::try_from(BURST).expect("few"));
        assert_bound(&mut times, MAX, BURST);
    }
}

async fn through_outages(kind: Kind) {
    let Some(mut own) = Own::start(kind).await else {
        return;
    };
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let name = format!("{kind:?}").to_lowercase();
    let _listening = event::subscribe(move |event| match event {
        Event::RateLimitStoreAway { store, .. } if *store == name => {
            hears.lock().expect("no panic").push("away");
        }
        Event::RateLimitStoreBack { store, .. } if *store == name => {
            hears.lock().expect("no panic").push("back");
        }
        _ => {}
    });
    let noted = Noted::new(open(kind, &own.url).await);
    let host = Host {
        answers: Arc::clone(&noted.answers),
        limits: SharedLimits::new(noted).timeout(TIMEOUT),
        let_in: Mutex::default(),
    };
    // The connection is made.
    host.comes_back("at first").await;
    host.is_up("at first").await;
    let what = format!("{kind:?} stands still");
    own.stop();
    host.goes_away(&what).await;
    own.go_on();
    host.comes_back(&what).await;
    host.is_up(&what).await;
    host.bound_held();
    let what = format!("{kind:?} is killed");
    own.kill();
    host.goes_away(&what).await;
    own.start_again().await;
    host.comes_back(&what).await;
    host.is_up(&what).await;
    host.bound_held();
    let told = told.lock().expect("no panic");
    let pairs = told.chunks(2).all(|pair| pair == ["away", "back"]);
    assert!(pairs && told.len() >= 4, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_goes_away_and_comes_back() {
    LET_IN
        .scope(Cell::new(None), through_outages(Kind::Redis))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_goes_away_and_comes_back() {
    LET_IN
        .scope(Cell::new(None), through_outages(Kind::Postgres))
        .await;
}
