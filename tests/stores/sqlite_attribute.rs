//! `#[idempotent]` over the store in an SQLite file, in real time: long bodies, many calls at once,
//! a second start of the program.
//!
//! `RESIL_FULL=1` runs the full size: 10,000 calls at once over 50,000 keys.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use resil::idempotency::{IdempotencyError, KeyOf, Shared, current, drain, sqlite};
use resil::{Deadline, Error, idempotent};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("resil-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    /// A store that knows nothing of the others in this process.
    async fn open(&self) -> Shared {
        let options = sqlite(self.0.join("resil.db")).create_schema();
        Shared::new(options.open().await.expect("a store"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Held by what needs the disk for itself: a disk that is kept busy makes signs of life late.
static ALONE: Mutex<()> = Mutex::const_new(());

/// One effect for each key is wanted, and one is counted.
struct Shop {
    store: Shared,
    effects: Vec<AtomicU32>,
}

impl Shop {
    fn new(store: Shared, keys: usize) -> Self {
        let effects = (0..keys).map(|_| AtomicU32::new(0)).collect();
        Self { store, effects }
    }

    #[idempotent(name = "buy", key = key, store = self.store)]
    async fn buy(&self, key: usize) -> Result<(usize, u32), Error> {
        tokio::task::yield_now().await;
        let before = self.effects[key].fetch_add(1, Relaxed);
        Ok((key, before + 1))
    }

    #[idempotent(name = "long", key = key, lease = 400ms, store = self.store)]
    async fn long(&self, key: usize, lasts: Duration) -> Result<u64, Error> {
        self.effects[key].fetch_add(1, Relaxed);
        tokio::time::sleep(lasts).await;
        Ok(current().expect("a claim").fence())
    }

    #[idempotent(name = "long", key = key, lease = 400ms, store = self.store, conflict = reject)]
    async fn second(&self, key: usize) -> Result<u64, Error> {
        self.effects[key].fetch_add(1, Relaxed);
        Ok(0)
    }

    fn all_once(&self) -> bool {
        self.effects.iter().all(|n| n.load(Relaxed) == 1)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_runs_thirty_times_its_lease_keeps_it() {
    let _alone = ALONE.lock().await;
    let folder = Folder::new("long");
    let shop = Arc::new(Shop::new(folder.open().await, 1));
    let lasts = Duration::from_millis(400) * 30;
    let long = tokio::spawn({
        let shop = Arc::clone(&shop);
        async move { shop.long(0, lasts).await }
    });
    while shop.effects[0].load(Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Another handle, as another process has.
    let rival = Shop::new(folder.open().await, 1);
    let mut refused = 0;
    while !long.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        match rival.second(0).await {
            Err(Error::Idempotency(IdempotencyError::InProgress { .. })) => refused += 1,
            // The last look may come after the end.
            Ok(fence) => assert!(fence > 0, "the key was free after {refused} looks"),
            Err(e) => panic!("{e}"),
        }
    }
    let fence = long.await.expect("no panic").expect("a result");
    assert_eq!(rival.second(0).await, Ok(fence), "what was recorded");
    assert!(refused > 30, "{refused}");
    assert!(shop.all_once());
    assert_eq!(rival.effects[0].load(Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_at_once_are_one_effect_for_each_key() {
    let full = std::env::var_os("RESIL_FULL").is_some();
    let (at_once, keys) = if full {
        (10_000, 50_000)
    } else {
        (1_000, 5_000)
    };
    let _alone = ALONE.lock().await;
    let folder = Folder::new("many");
    let shop = Arc::new(Shop::new(folder.open().await, keys));
    let permits = Arc::new(Semaphore::new(at_once));
    let mut calls = JoinSet::new();
    let started = Instant::now();
    // Each key twice: soon after each other, so that most of the second ones meet the first.
    for n in 0..2 * keys {
        let permit = Arc::clone(&permits).acquire_owned().await;
        let shop = Arc::clone(&shop);
        calls.spawn(async move {
            let _permit = permit;
            let key = n / 2;
            assert_eq!(shop.buy(key).await, Ok((key, 1)));
        });
        while let Some(call) = calls.try_join_next() {
            call.expect("one effect");
        }
    }
    while let Some(call) = calls.join_next().await {
        call.expect("one effect");
    }
    println!(
        "{keys} keys, {at_once} calls at once: {:.1?}",
        started.elapsed()
    );
    assert!(shop.all_once());
    // A program that starts anew replays all of them.
    let anew = Shop::new(folder.open().await, keys);
    for key in [0, 1, keys / 2, keys - 1] {
        assert_eq!(anew.buy(key).await, Ok((key, 1)));
    }
    assert!(anew.effects.iter().all(|n| n.load(Relaxed) == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_is_dropped_leaves_its_key_to_the_next_one_at_once() {
    let _alone = ALONE.lock().await;
    let folder = Folder::new("dropped");
    let shop = Shop::new(folder.open().await, 1);
    let hour = Duration::from_secs(3_600);
    let cut = tokio::time::timeout(Duration::from_millis(50), shop.long(0, hour)).await;
    assert!(cut.is_err());
    drain().await;
    let second = shop.second(0).await;
    assert_eq!(second, Ok(0), "the claim was abandoned");
    assert_eq!(shop.effects[0].load(Relaxed), 2);
    let gone = shop.store.forget(KeyOf::new("long").part(&0_usize)).await;
    assert!(gone.is_ok());
}

#[tokio::test]
async fn a_short_deadline_is_no_outage() {
    #[idempotent(name = "short", key = k, store = store)]
    async fn short(store: &Shared, k: u32, n: &AtomicU32) -> Result<u32, Error> {
        Ok(n.fetch_add(1, Relaxed))
    }
    let folder = Folder::new("deadline");
    let store = folder.open().await.open_on_outage(true);
    let n = AtomicU32::new(0);
    for k in 0..100 {
        // Past on entry: the store is well, and its answer may be too late.
        let late = Deadline::at(Instant::now().into());
        let first = late.scope(short(&store, k, &n)).await;
        let second = short(&store, k, &n).await;
        assert!(first.is_err() || first == second, "{first:?} {second:?}");
    }
    assert_eq!((n.load(Relaxed), store.outages()), (100, 0));
}

mod types {
    //! Where one function stands for several types, the key has to say which.

    use std::marker::PhantomData;

    use resil::idempotency::{IdempotencyError, Shared};
    use resil::{Error, idempotent};

    use super::Folder;

    type Made = Result<&'static str, Error>;
    type Kept = Result<String, Error>;

    trait Named {
        const NAME: &'static str;

        fn name(&self) -> &'static str {
            Self::NAME
        }
    }
    struct Visa;
    impl Named for Visa {
        const NAME: &'static str = "visa";
    }
    struct Master;
    impl Named for Master {
        const NAME: &'static str = "master";
    }

    fn kept(made: Made) -> Kept {
        made.map(str::to_owned)
    }

    trait Provider: Named {
        #[idempotent(name = "p1", key = id, store = store)]
        async fn unsaid(&self, store: &Shared, id: u32) -> Kept {
            kept(Ok(Self::NAME))
        }
        #[idempotent(name = "p2", key = (Self::NAME, id), store = store)]
        async fn by_type(&self, store: &Shared, id: u32) -> Kept {
            kept(Ok(Self::NAME))
        }
        #[idempotent(name = "p3", key = (self.name(), id), store = store)]
        async fn by_value(&self, store: &Shared, id: u32) -> Kept {
            kept(Ok(Self::NAME))
        }
    }
    impl Provider for Visa {}
    impl Provider for Master {}

    trait Of<T: Named> {
        #[idempotent(name = "o1", key = (std::any::type_name::<Self>(), id), store = store)]
        async fn unsaid(&self, store: &Shared, id: u32) -> Kept {
            kept(Ok(T::NAME))
        }
        #[idempotent(name = "o2", key = (PhantomData::<Self>, T::NAME, id), store = store)]
        async fn said(&self, store: &Shared, id: u32) -> Kept
        where
            Self: Sized,
        {
            kept(Ok(T::NAME))
        }
    }
    impl<T: Named> Of<T> for () {}

    struct Client<T>(PhantomData<T>);
    impl<T: Named> Client<T> {
        #[idempotent(name = "c1", key = id, store = store)]
        async fn unsaid(store: &Shared, id: u32) -> Kept {
            kept(Ok(T::NAME))
        }
        #[idempotent(name = "c2", key = (T::NAME, id), store = store)]
        async fn said(store: &Shared, id: u32) -> Kept {
            kept(Ok(T::NAME))
        }
        #[idempotent(name = "c3", key = (PhantomData::<T>, id), store = store)]
        async fn all_one(store: &Shared, id: u32) -> Kept {
            kept(Ok(T::NAME))
        }
    }

    #[idempotent(name = "g1", key = id, store = store)]
    async fn unsaid<T: Named, U>(store: &Shared, id: u32, _: U) -> Kept {
        kept(Ok(T::NAME))
    }
    #[idempotent(name = "g2", key = (T::NAME, id), store = store)]
    async fn half_said<T: Named, U>(store: &Shared, id: u32, _: U) -> Kept {
        kept(Ok(T::NAME))
    }
    #[idempotent(name = "g3", key = (T::NAME, PhantomData::<U>, id), store = store)]
    async fn said<T: Named, U>(store: &Shared, id: u32, _: U) -> Kept {
        kept(Ok(T::NAME))
    }
    #[idempotent(name = "g4", key = (of.name(), id), store = store)]
    async fn by_argument<T: Named>(store: &Shared, id: u32, of: &T) -> Kept {
        kept(Ok(T::NAME))
    }
    #[idempotent(name = "g5", key = (of.name(), id), store = store)]
    async fn by_some(store: &Shared, id: u32, of: &impl Named) -> Kept {
        kept(Ok(of.name()))
    }
    #[idempotent(name = "g6", key = id, store = store)]
    async fn some_unsaid(store: &Shared, id: u32, of: &impl Named) -> Kept {
        kept(Ok(of.name()))
    }
    #[idempotent(name = "g7", key = (N, id), store = store)]
    async fn sized<const N: u64>(store: &Shared, id: u32) -> Result<u64, Error> {
        Ok(N)
    }

    /// One type each: none has to be named.
    trait Plain {
        async fn plain(&self, store: &Shared, id: u32) -> Kept;
    }
    impl Plain for Visa {
        #[idempotent(name = "q1", key = id, store = store)]
        async fn plain(&self, store: &Shared, id: u32) -> Kept {
            kept(Ok(Self::NAME))
        }
    }
    impl Plain for Client<Master> {
        #[idempotent(name = "q2", key = id, store = store)]
        async fn plain(&self, store: &Shared, id: u32) -> Kept {
            kept(Ok(Master::NAME))
        }
    }
    struct Text<'a>(&'a str);
    impl<'a> Text<'a> {
        #[idempotent(name = "q3", key = id, store = store)]
        async fn plain(&self, store: &Shared, id: &'a str) -> Kept {
            Ok(self.0.to_owned())
        }
    }

    #[track_caller]
    fn refused(out: Kept, instance: &str) {
        match out {
            Err(Error::Idempotency(IdempotencyError::TypeNotInKey { instance: of, .. })) => {
                assert!(of.as_str().ends_with(instance), "{of}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "an answer that is looked at once"
    )]
    fn is(out: Kept, name: &str) {
        assert_eq!(out.as_deref(), Ok(name));
    }

    #[tokio::test]
    async fn a_key_has_to_say_for_which_type_it_is() {
        let folder = Folder::new("types");
        let s = &folder.open().await;
        refused(Visa.unsaid(s, 7).await, "types::Provider>::unsaid");
        refused(
            <() as Of<Visa>>::unsaid(&(), s, 7).await,
            "types::Visa>>::unsaid",
        );
        refused(Client::<Visa>::unsaid(s, 7).await, "types::Visa>::unsaid");
        refused(unsaid::<Visa, _>(s, 7, 1).await, "types::unsaid");
        refused(half_said::<Visa, _>(s, 7, 1).await, "types::half_said");
        refused(some_unsaid(s, 7, &Visa).await, "types::some_unsaid");
        for _ in 0..2 {
            is(Visa.by_type(s, 7).await, "visa");
            is(Master.by_type(s, 7).await, "master");
            is(Visa.by_value(s, 7).await, "visa");
            is(Master.by_value(s, 7).await, "master");
            is(<() as Of<Visa>>::said(&(), s, 7).await, "visa");
            is(<() as Of<Master>>::said(&(), s, 7).await, "master");
            is(Client::<Visa>::said(s, 7).await, "visa");
            is(Client::<Master>::said(s, 7).await, "master");
            is(said::<Visa, _>(s, 7, 1).await, "visa");
            is(said::<Master, _>(s, 7, "").await, "master");
            is(by_argument(s, 7, &Visa).await, "visa");
            is(by_argument(s, 7, &Master).await, "master");
            is(by_some(s, 7, &Visa).await, "visa");
            is(by_some(s, 7, &Master).await, "master");
            assert_eq!(sized::<1>(s, 7).await, Ok(1));
            assert_eq!(sized::<2>(s, 7).await, Ok(2));
        }
        // It may say that all types are one.
        is(Client::<Visa>::all_one(s, 7).await, "visa");
        is(Client::<Master>::all_one(s, 7).await, "visa");
    }

    #[tokio::test]
    async fn a_function_for_one_type_need_not_say_it() {
        let folder = Folder::new("plain-types");
        let s = &folder.open().await;
        is(Visa.plain(s, 7).await, "visa");
        is(Client::<Master>(PhantomData).plain(s, 7).await, "master");
        is(Text("a").plain(s, "x").await, "a");
    }
}
