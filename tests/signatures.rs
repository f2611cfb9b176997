//! Every shape of function that people write, under a full stack where it fits: it compiles with
//! every warning denied, runs, retries, and its future goes to a multi-thread runtime where the
//! plain function's would.

#![deny(warnings)]
#![allow(
    unreachable_pub,
    clippy::items_after_statements,
    clippy::many_single_char_names,
    reason = "a test is no public crate"
)]

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use resil::{circuit, idempotent, retry, timeout};

#[derive(Debug, thiserror::Error)]
enum E {
    #[error("not yet")]
    NotYet,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// Fails until it was asked `n` times.
#[derive(Default)]
struct Flaky(AtomicU32);

impl Flaky {
    async fn after(&self, n: u32) -> Result<u32, E> {
        let tries = self.0.fetch_add(1, SeqCst) + 1;
        if tries < n { Err(E::NotYet) } else { Ok(tries) }
    }
}

fn send<T: Send>(t: T) -> T {
    t
}

async fn spawned<T: Send + 'static>(f: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(send(f)).await.unwrap()
}

// An owned argument that is neither Clone nor Copy.
#[derive(Debug)]
struct Owned(String);

#[circuit]
#[timeout(5s)]
#[retry(base = 1ms)]
#[timeout(1s)]
async fn owned(flaky: Arc<Flaky>, o: Owned) -> Result<usize, E> {
    flaky.after(3).await?;
    Ok(o.0.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_owned_argument_without_clone() {
    let f = Arc::new(Flaky::default());
    assert_eq!(spawned(owned(f, Owned("four".into()))).await.unwrap(), 4);
}

#[retry(max = 1)]
#[timeout(1s)]
async fn moves(o: Owned) -> Result<Owned, E> {
    Ok(o)
}

#[idempotent(key = o.0)]
#[circuit]
#[timeout(1s)]
async fn moves_without_retry(o: Owned) -> Result<String, E> {
    let Owned(s) = o;
    Ok(s)
}

#[tokio::test]
async fn d2_with_max_one_or_no_retry_it_may_move() {
    assert_eq!(spawned(moves(Owned("a".into()))).await.unwrap().0, "a");
    assert_eq!(
        spawned(moves_without_retry(Owned("moved".into())))
            .await
            .unwrap(),
        "moved"
    );
}

#[retry(base = 1ms, clone(names, map))]
async fn cloned(f: &Flaky, mut names: Vec<String>, map: HashMap<u8, u8>) -> Result<usize, E> {
    names.push("more".into());
    let moved = map;
    f.after(3).await?;
    Ok(names.len() + moved.len())
}

#[tokio::test]
async fn clone_gives_each_attempt_its_own() {
    let f = Flaky::default();
    assert_eq!(
        cloned(&f, vec![], HashMap::from([(1, 1)])).await.unwrap(),
        2
    );
}

#[circuit]
#[timeout(5s)]
#[retry(base = 1ms)]
#[timeout(1s)]
pub(crate) async fn d5_generic<'a, T, const N: usize>(
    flaky: &'a Flaky,
    items: &'a [T; N],
    pick: impl Fn(&T) -> bool + Send + Sync,
) -> Result<&'a T, E>
where
    T: Debug + Sync,
{
    flaky.after(2).await?;
    items.iter().find(|i| pick(i)).ok_or(E::NotYet)
}

#[tokio::test]
async fn d5_visibility_generics_lifetimes_const_generics_and_where() {
    let f = Flaky::default();
    let out = send(d5_generic(&f, &[1, 2, 3], |i| *i > 1)).await.unwrap();
    assert_eq!(*out, 2);
}

#[timeout(5s)]
#[retry(base = 1ms)]
async fn through_mut(f: &Flaky, log: &mut Vec<u32>) -> Result<(), E> {
    fn push(log: &mut Vec<u32>) {
        log.push(1);
    }
    push(log);
    take(log);
    f.after(3).await?;
    Ok(())
}

fn take<T>(mut t: T)
where
    T: std::ops::DerefMut<Target = Vec<u32>>,
{
    t.push(2);
}

#[tokio::test]
async fn d3_mut_reference_argument_carries_over() {
    let (f, mut log) = (Flaky::default(), Vec::new());
    through_mut(&f, &mut log).await.unwrap();
    assert_eq!(log, [1, 2, 1, 2, 1, 2]);
}

struct Pair {
    left: String,
    right: u32,
}

#[retry(base = 1ms)]
async fn patterns(
    f: &Flaky,
    (a, b): (String, String),
    Pair { left, right }: Pair,
    [x, y]: [u32; 2],
    _: u8,
) -> Result<String, E> {
    f.after(2).await?;
    Ok(format!("{a}{b}{left}{right}{x}{y}"))
}

#[tokio::test]
async fn pattern_arguments() {
    let f = Flaky::default();
    let pair = Pair {
        left: "l".into(),
        right: 7,
    };
    let out = patterns(&f, ("a".into(), "b".into()), pair, [1, 2], 0)
        .await
        .unwrap();
    assert_eq!(out, "abl712");
}

struct Client {
    flaky: Flaky,
    seen: u32,
    name: String,
}

impl Client {
    fn new() -> Self {
        Self {
            flaky: Flaky::default(),
            seen: 0,
            name: "c".into(),
        }
    }

    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    async fn by_ref(&self, n: u32) -> Result<u32, E> {
        self.flaky.after(n).await
    }

    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    async fn by_mut(&mut self) -> Result<u32, E> {
        self.bump();
        self.flaky.after(3).await?;
        Ok(self.seen)
    }

    fn bump(&mut self) {
        self.seen += 1;
    }

    #[timeout(5s)]
    #[retry(base = 1ms)]
    async fn by_value(self) -> Result<String, E> {
        self.flaky.after(3).await?;
        Ok(self.name.clone())
    }

    #[idempotent(key = (&self.name, n))]
    #[timeout(5s)]
    async fn keyed(&self, n: u32) -> Result<u32, E> {
        Ok(n + self.seen)
    }

    #[timeout(5s)]
    #[retry(base = 1ms)]
    async fn by_arc(self: Arc<Self>) -> Result<u32, E> {
        self.flaky.after(3).await
    }
}

#[tokio::test]
async fn d3_methods() {
    assert_eq!(send(Client::new().by_ref(3)).await.unwrap(), 3);
    let mut c = Client::new();
    assert_eq!(send(c.by_mut()).await.unwrap(), 3);
    assert_eq!(spawned(Client::new().by_value()).await.unwrap(), "c");
    assert_eq!(spawned(Arc::new(Client::new()).by_arc()).await.unwrap(), 3);
    assert_eq!(Client::new().keyed(4).await.unwrap(), 4);
    assert_eq!(
        Client {
            seen: 9,
            ..Client::new()
        }
        .keyed(4)
        .await
        .unwrap(),
        4,
        "a replay"
    );
}

trait Native {
    fn go(&mut self, n: u32) -> impl Future<Output = Result<u32, E>> + Send;
}

impl Native for Client {
    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    async fn go(&mut self, n: u32) -> Result<u32, E> {
        self.seen += 1;
        self.flaky.after(n).await
    }
}

#[tokio::test]
async fn d3_native_trait_impl() {
    assert_eq!(send(Client::new().go(3)).await.unwrap(), 3);
}

#[async_trait::async_trait]
trait Dynamic {
    async fn read(&self, name: String) -> Result<String, E>;
    async fn write(&mut self, log: &mut Vec<String>, o: Owned, (a, b): (u8, u8)) -> Result<u8, E>;
    #[retry(base = 1ms)]
    async fn provided(&self) -> Result<u32, E> {
        Ok(1)
    }
}

#[async_trait::async_trait]
impl Dynamic for Client {
    #[idempotent(key = (self.name.as_str(), &name))]
    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    async fn read(&self, name: String) -> Result<String, E> {
        self.flaky.after(3).await?;
        Ok(format!("{}{name}", self.name))
    }

    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    async fn write(&mut self, log: &mut Vec<String>, o: Owned, (a, b): (u8, u8)) -> Result<u8, E> {
        self.bump();
        log.push(o.0.clone());
        self.flaky.after(3).await?;
        Ok(a + b + u8::try_from(log.len()).unwrap())
    }
}

#[tokio::test]
async fn d3_async_trait_as_dyn() {
    let mut c: Box<dyn Dynamic + Send + Sync> = Box::new(Client::new());
    assert_eq!(send(c.read("n".into())).await.unwrap(), "cn");
    let mut c2: Box<dyn Dynamic + Send + Sync> = Box::new(Client::new());
    let mut log = Vec::new();
    assert_eq!(
        c2.write(&mut log, Owned("w".into()), (1, 2)).await.unwrap(),
        6
    );
    assert_eq!(c.provided().await.unwrap(), 1);
    assert_eq!(
        c.write(&mut log, Owned("w".into()), (0, 0)).await.unwrap(),
        4
    );
}

fn boxed_by_hand(f: &Flaky, n: u32) -> Pin<Box<dyn Future<Output = Result<u32, E>> + Send + '_>> {
    #[retry(base = 1ms)]
    #[timeout(1s)]
    fn inner(f: &Flaky, n: u32) -> Pin<Box<dyn Future<Output = Result<u32, E>> + Send + '_>> {
        Box::pin(async move { f.after(n).await })
    }
    inner(f, n)
}

#[tokio::test]
async fn d3_a_boxed_future_by_hand() {
    assert_eq!(send(boxed_by_hand(&Flaky::default(), 3)).await.unwrap(), 3);
}

#[retry(base = 1ms)]
#[timeout(1s)]
async fn recursive(n: u32) -> Result<u32, E> {
    if n == 0 {
        Ok(0)
    } else {
        Ok(1 + Box::pin(recursive(n - 1)).await?)
    }
}

#[tokio::test]
async fn recursion() {
    assert_eq!(recursive(5).await.unwrap(), 5);
}

mod errors {
    //! The error types that people have.
    use resil::{circuit, idempotent, retry, timeout};

    #[idempotent(key = n)]
    #[circuit]
    #[timeout(1s)]
    #[retry(base = 1ms)]
    #[timeout(500ms)]
    pub(super) async fn anyhow_(n: u32) -> anyhow::Result<u32> {
        anyhow::ensure!(n > 0, "zero");
        Ok(n)
    }

    #[circuit]
    #[timeout(1s)]
    #[retry(base = 1ms)]
    pub(super) async fn eyre_(n: u32) -> eyre::Result<u32> {
        Ok(n)
    }

    #[circuit]
    #[timeout(1s)]
    #[retry(base = 1ms)]
    pub(super) async fn io_(n: u32) -> std::io::Result<u32> {
        Ok(n)
    }

    type Boxed = Box<dyn std::error::Error + Send + Sync>;

    #[circuit]
    #[timeout(1s)]
    #[retry(base = 1ms)]
    pub(super) async fn boxed(n: &str) -> Result<u32, Boxed> {
        Ok(n.parse::<u32>()?)
    }

    #[idempotent(key = n)]
    #[circuit]
    #[timeout(1s)]
    #[retry(base = 1ms)]
    pub(super) async fn own(n: u32) -> Result<u32, resil::Error> {
        Ok(n)
    }

    // No `From<resil::Error>`: retry asks for none.
    #[retry(base = 1ms, max = 2)]
    pub(super) async fn reqwest_(url: &str) -> Result<String, reqwest::Error> {
        reqwest::get(url).await?.text().await
    }
}

#[tokio::test]
async fn error_types() {
    assert_eq!(spawned(errors::anyhow_(1)).await.unwrap(), 1);
    assert_eq!(spawned(errors::eyre_(1)).await.unwrap(), 1);
    assert_eq!(spawned(errors::io_(1)).await.unwrap(), 1);
    assert_eq!(send(errors::boxed("1")).await.unwrap(), 1);
    assert!(
        errors::boxed("x")
            .await
            .unwrap_err()
            .is::<std::num::ParseIntError>()
    );
    assert_eq!(spawned(errors::own(1)).await.unwrap(), 1);
    // Nobody listens on port 1 of the loopback.
    assert!(
        errors::reqwest_("http://127.0.0.1:1/")
            .await
            .unwrap_err()
            .is_connect()
    );
}

mod instrumented {
    //! `#[instrument]` above, below and between: the place where it is written is its place.
    use super::{E, Flaky, Owned};
    use resil::{circuit, retry, timeout};
    use tracing::instrument;

    #[instrument(skip_all)]
    #[circuit]
    #[timeout(1s)]
    #[retry(base = 1ms)]
    pub(super) async fn above(f: &Flaky, o: Owned) -> Result<usize, E> {
        f.after(3).await?;
        Ok(o.0.len())
    }

    #[circuit]
    #[timeout(1s)]
    #[retry(base = 1ms)]
    #[instrument(skip(f), err, ret)]
    pub(super) async fn below(f: &Flaky, o: Owned) -> Result<usize, E> {
        f.after(3).await?;
        Ok(o.0.len())
    }

    #[retry(base = 1ms)]
    #[tracing::instrument(skip_all, err)]
    #[timeout(1s)]
    pub(super) async fn between(f: &Flaky, o: Owned) -> Result<usize, E> {
        f.after(3).await?;
        Ok(o.0.len())
    }

    #[async_trait::async_trait]
    pub(super) trait T {
        async fn above(&mut self, o: Owned) -> Result<usize, E>;
        async fn below(&mut self, o: Owned) -> Result<usize, E>;
    }

    #[async_trait::async_trait]
    impl T for super::Client {
        #[instrument(skip_all)]
        #[retry(base = 1ms)]
        async fn above(&mut self, o: Owned) -> Result<usize, E> {
            self.bump();
            self.flaky.after(3).await?;
            Ok(o.0.len())
        }

        #[retry(base = 1ms)]
        #[instrument(skip_all)]
        async fn below(&mut self, o: Owned) -> Result<usize, E> {
            self.bump();
            self.flaky.after(3).await?;
            Ok(o.0.len())
        }
    }
}

#[tokio::test]
async fn instrument_above_below_and_between() {
    let o = || Owned("four".into());
    assert_eq!(
        send(instrumented::above(&Flaky::default(), o()))
            .await
            .unwrap(),
        4
    );
    assert_eq!(
        send(instrumented::below(&Flaky::default(), o()))
            .await
            .unwrap(),
        4
    );
    assert_eq!(
        send(instrumented::between(&Flaky::default(), o()))
            .await
            .unwrap(),
        4
    );
    use instrumented::T;
    assert_eq!(send(T::above(&mut Client::new(), o())).await.unwrap(), 4);
    assert_eq!(send(T::below(&mut Client::new(), o())).await.unwrap(), 4);
}

// `#[tokio::test]` below and above a policy.
#[retry(base = 1ms)]
#[timeout(5s)]
#[tokio::test]
async fn tokio_test_below() -> Result<(), E> {
    Ok(())
}

#[tokio::test]
#[retry(base = 1ms)]
async fn tokio_test_above() -> Result<(), E> {
    static F: Flaky = Flaky(AtomicU32::new(0));
    F.after(3).await?;
    Ok(())
}

mod surroundings {
    //! Names of the user's that must not meet ours.
    use resil as r;
    use resil::retry as again;
    use resil::timeout as limit;

    #[allow(dead_code)]
    #[again(base = 1ms)]
    #[limit(1s)]
    pub(super) async fn retry(__r: u32, __out: u32, __retry: u32) -> Result<u32, super::E> {
        Ok(__r + __out + __retry)
    }

    #[r::retry(base = 1ms)]
    #[cfg_attr(all(), r::timeout(1s))]
    pub(super) async fn qualified(#[cfg(any())] gone: Missing, here: u32) -> Result<u32, super::E> {
        Ok(here)
    }

    #[allow(dead_code)]
    mod shadowed {
        pub(crate) enum Option {}
        pub(crate) struct Ok;
        pub(crate) struct Some;
        mod std {}
        mod core {}
        #[resil::circuit]
        #[resil::retry(base = 1ms, max = 2)]
        #[resil::timeout(1s)]
        pub(crate) async fn f() -> ::std::result::Result<(), super::super::E> {
            ::std::result::Result::Ok(())
        }
    }

    macro_rules! stack {
        ($name:ident, $limit:literal, $max:expr, $pat:pat) => {
            #[resil::retry(max = $max, base = 1ms, on($pat))]
            #[resil::timeout($limit)]
            pub(super) async fn $name(f: &super::Flaky) -> Result<u32, super::E> {
                f.after(3).await
            }
        };
    }
    stack!(from_macro, 1s, 3, super::E::NotYet);
}

#[tokio::test]
async fn surroundings_do_not_matter() {
    assert_eq!(surroundings::retry(1, 2, 3).await.unwrap(), 6);
    assert_eq!(surroundings::qualified(4).await.unwrap(), 4);
    assert_eq!(
        surroundings::from_macro(&Flaky::default()).await.unwrap(),
        3
    );
}

#[must_use = "checked"]
#[doc = "documented"]
#[retry(base = 1ms)]
async fn d1_question_mark_return_labels_and_closures(f: &Flaky, n: u32) -> Result<u32, E> {
    #![allow(clippy::needless_return)]
    let parse = |s: &str| -> Result<u32, std::num::ParseIntError> {
        let v = s.parse()?;
        return Ok(v);
    };
    let _ = parse("x");
    let v = 'out: loop {
        for i in 0.. {
            if i == n {
                break 'out f.after(n).await?;
            }
        }
    };
    if v == n {
        return Ok(v);
    }
    Err(E::NotYet)
}

#[tokio::test]
async fn d1_d4_the_body_keeps_its_meaning() {
    assert_eq!(
        d1_question_mark_return_labels_and_closures(&Flaky::default(), 3)
            .await
            .unwrap(),
        3
    );
}

#[retry(base = 1ms)]
#[timeout(1s)]
async fn opaque(n: u32) -> Result<impl Iterator<Item = u32> + Send, E> {
    Ok(0..n)
}

// An error that is not `Send` does not make the future not `Send`... of a retry: it is dropped
// before the wait.
#[derive(Debug)]
struct NotSend(#[allow(dead_code)] std::rc::Rc<u8>);

#[retry(base = 1ms)]
async fn local_error(n: u32) -> Result<u32, NotSend> {
    if n == 0 {
        Err(NotSend(std::rc::Rc::new(0)))
    } else {
        Ok(n)
    }
}

#[tokio::test]
async fn opaque_types_and_errors_that_are_not_send() {
    assert_eq!(send(opaque(3)).await.unwrap().sum::<u32>(), 3);
    assert_eq!(send(local_error(3)).await.unwrap(), 3);
}
