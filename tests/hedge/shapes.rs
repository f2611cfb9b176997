//! Every shape of function that can be hedged: it compiles with every warning denied, runs, starts a
//! copy, and its future goes to a multi-thread runtime where the plain function's would.

#![deny(warnings)]
#![allow(
    unreachable_pub,
    clippy::many_single_char_names,
    reason = "a test is no public crate"
)]

mod others;

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use resil::{circuit, hedge, idempotent, retry, timeout};

#[derive(Debug, thiserror::Error)]
enum E {
    #[error("not yet")]
    NotYet,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// Hangs at the first run, and answers at the second.
#[derive(Default)]
struct Tail(AtomicU32);

impl Tail {
    async fn ask(&self) -> Result<u32, E> {
        match self.0.fetch_add(1, SeqCst) + 1 {
            1 => std::future::pending().await,
            n => Ok(n),
        }
    }
}

fn send<T: Send>(t: T) -> T {
    t
}

async fn spawned<T: Send + 'static>(f: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(send(f)).await.unwrap()
}

/// An owned argument that is neither Clone nor Copy.
#[derive(Debug)]
struct Owned(String);

#[hedge(after = 1ms)]
async fn alone(t: &Tail) -> Result<u32, E> {
    t.ask().await
}

#[circuit]
#[timeout(5s)]
#[hedge(after = 1ms)]
#[timeout(1s)]
async fn owned(t: Arc<Tail>, o: Owned, n: u32, words: Vec<String>) -> Result<usize, E> {
    t.ask().await?;
    Ok(o.0.len() + words.len() + usize::try_from(n).unwrap_or(0))
}

#[idempotent(key = name)]
#[circuit]
#[timeout(5s)]
#[hedge(after = 1ms)]
#[retry(base = 1ms)]
#[timeout(1s)]
async fn whole(t: &Tail, name: &str) -> Result<String, E> {
    t.ask().await?;
    Ok(name.to_owned())
}

#[hedge(after = 1ms)]
async fn generic<'a, K, const N: usize>(
    t: &Tail,
    key: &'a K,
    list: [u8; N],
    map: &HashMap<String, impl Copy + Sync + Into<u64>>,
) -> Result<(&'a K, u64), E>
where
    K: Debug + Sync,
{
    t.ask().await?;
    let sum: u64 = map.values().map(|&v| v.into()).sum();
    Ok((key, sum + u64::from(list[0]) + N as u64))
}

struct Pair {
    left: String,
    right: u32,
}

#[hedge(after = 1ms)]
async fn patterns(
    t: &Tail,
    (a, b): (String, String),
    Pair { left, right }: Pair,
    [x, y]: [u32; 2],
    _: u8,
) -> Result<String, E> {
    t.ask().await?;
    Ok(format!("{a}{b}{left}{right}{x}{y}"))
}

#[hedge(after = 1ms, clone(words, o))]
async fn cloned(t: &Tail, mut words: Vec<String>, o: String) -> Result<Vec<String>, E> {
    t.ask().await?;
    words.push(o);
    Ok(words)
}

#[tokio::test]
async fn functions() {
    let tail = Tail::default;
    assert_eq!(send(alone(&tail())).await.unwrap(), 2);
    let words = vec!["w".to_owned()];
    let out = spawned(owned(Arc::new(tail()), Owned("four".into()), 1, words)).await;
    assert_eq!(out.unwrap(), 6);
    assert_eq!(send(whole(&tail(), "key")).await.unwrap(), "key");
    let map = HashMap::from([("a".to_owned(), 5_u32)]);
    let out = send(generic(&tail(), &"k", [1, 2], &map)).await.unwrap();
    assert_eq!(out, (&"k", 8));
    let pair = Pair {
        left: "l".into(),
        right: 7,
    };
    let out = send(patterns(&tail(), ("a".into(), "b".into()), pair, [1, 2], 0)).await;
    assert_eq!(out.unwrap(), "abl712");
    let out = send(cloned(&tail(), vec!["w".into()], "o".into())).await;
    assert_eq!(out.unwrap(), ["w", "o"]);
}

struct Client {
    tail: Tail,
    name: String,
}

impl Client {
    fn new() -> Self {
        Self {
            tail: Tail::default(),
            name: "c".into(),
        }
    }

    #[circuit]
    #[timeout(5s)]
    #[hedge(after = 1ms)]
    async fn by_ref(&self, n: u32) -> Result<u32, E> {
        Ok(self.tail.ask().await? + n)
    }

    #[hedge(after = 1ms)]
    #[timeout(5s)]
    async fn by_value(self) -> Result<String, E> {
        self.tail.ask().await?;
        Ok(self.name.clone())
    }

    #[hedge(after = 1ms)]
    async fn by_arc(self: Arc<Self>) -> Result<u32, E> {
        self.tail.ask().await
    }

    #[hedge(after = 1ms)]
    async fn borrowed(&self) -> Result<&str, E> {
        self.tail.ask().await?;
        Ok(&self.name)
    }
}

trait Native {
    fn go(&self, n: u32) -> impl Future<Output = Result<u32, E>> + Send;
}

impl Native for Client {
    #[circuit]
    #[hedge(after = 1ms)]
    async fn go(&self, n: u32) -> Result<u32, E> {
        Ok(self.tail.ask().await? + n)
    }
}

#[async_trait::async_trait]
trait Dynamic {
    async fn read(&self, name: String, o: Owned, (a, b): (u8, u8)) -> Result<String, E>;
    #[hedge(after = 1ms)]
    async fn provided(&self) -> Result<u32, E> {
        Ok(1)
    }
}

#[async_trait::async_trait]
impl Dynamic for Client {
    #[idempotent(key = (self.name.as_str(), &name))]
    #[circuit]
    #[timeout(5s)]
    #[hedge(after = 1ms)]
    #[timeout(1s)]
    async fn read(&self, name: String, o: Owned, (a, b): (u8, u8)) -> Result<String, E> {
        self.tail.ask().await?;
        Ok(format!("{}{name}{}{}", self.name, o.0, a + b))
    }
}

#[tokio::test]
async fn methods() {
    assert_eq!(send(Client::new().by_ref(3)).await.unwrap(), 5);
    assert_eq!(spawned(Client::new().by_value()).await.unwrap(), "c");
    assert_eq!(spawned(Arc::new(Client::new()).by_arc()).await.unwrap(), 2);
    assert_eq!(send(Client::new().borrowed()).await.unwrap(), "c");
    assert_eq!(send(Client::new().go(1)).await.unwrap(), 3);
    let c: Box<dyn Dynamic + Send + Sync> = Box::new(Client::new());
    let out = send(c.read("n".into(), Owned("o".into()), (1, 2))).await;
    assert_eq!(out.unwrap(), "cno3");
    assert_eq!(c.provided().await.unwrap(), 1);
}

#[hedge(after = 1ms)]
#[timeout(1s)]
fn boxed(t: &Tail) -> Pin<Box<dyn Future<Output = Result<u32, E>> + Send + '_>> {
    Box::pin(async move { t.ask().await })
}

#[hedge(after = 1ms)]
#[timeout(1s)]
async fn recursive(n: u32) -> Result<u32, E> {
    if n == 0 {
        Ok(0)
    } else {
        Ok(1 + Box::pin(recursive(n - 1)).await?)
    }
}

#[hedge(after = 1ms)]
#[timeout(1s)]
async fn opaque(n: u32) -> Result<impl Iterator<Item = u32> + Send, E> {
    Ok(0..n)
}

// An error that is not `Send` is gone before the call waits again.
#[derive(Debug)]
struct NotSend(#[allow(dead_code)] std::rc::Rc<u8>);

#[hedge(after = 1ms)]
async fn local_error(n: u32) -> Result<u32, NotSend> {
    if n == 0 {
        Err(NotSend(std::rc::Rc::new(0)))
    } else {
        Ok(n)
    }
}

#[must_use = "checked"]
#[doc = "documented"]
#[hedge(after = 1ms)]
async fn question_mark_return_labels_and_closures(t: &Tail, n: u32) -> Result<u32, E> {
    #![allow(clippy::needless_return)]
    let parse = |s: &str| -> Result<u32, std::num::ParseIntError> {
        let v = s.parse()?;
        return Ok(v);
    };
    let _ = parse("x");
    let v = 'out: loop {
        for i in 0.. {
            if i == n {
                break 'out t.ask().await?;
            }
        }
    };
    if v == n {
        return Ok(v);
    }
    Err(E::NotYet)
}

#[tokio::test]
async fn futures_by_hand_recursion_and_bodies() {
    assert_eq!(send(boxed(&Tail::default())).await.unwrap(), 2);
    assert_eq!(recursive(5).await.unwrap(), 5);
    assert_eq!(send(opaque(3)).await.unwrap().sum::<u32>(), 3);
    assert!(spawned(async { local_error(3).await.is_ok() }).await);
    let body = question_mark_return_labels_and_closures(&Tail::default(), 2).await;
    assert_eq!(body.unwrap(), 2);
}

#[hedge(after = 1ms)]
#[timeout(5s)]
#[tokio::test]
async fn tokio_test_below() -> Result<(), E> {
    Ok(())
}

#[tokio::test]
#[hedge(after = 1ms)]
async fn tokio_test_above() -> Result<(), E> {
    static T: Tail = Tail(AtomicU32::new(0));
    T.ask().await?;
    Ok(())
}

mod surroundings {
    //! Names of the user's that must not meet ours.
    use resil as r;
    use resil::hedge as copies;

    #[allow(dead_code)]
    #[copies(after = 1ms)]
    #[r::timeout(1s)]
    pub(super) async fn hedge(__r: u32, __out: u32, __resil: u32) -> Result<u32, super::E> {
        Ok(__r + __out + __resil)
    }

    #[r::hedge(after = 1ms)]
    #[cfg_attr(all(), r::timeout(1s))]
    pub(super) async fn qualified(
        #[cfg(any())] gone: Missing,
        t: &super::Tail,
        here: u32,
    ) -> Result<u32, super::E> {
        Ok(t.ask().await? + here)
    }

    #[allow(dead_code)]
    pub(super) mod shadowed {
        pub(crate) enum Option {}
        pub(crate) struct Ok;
        pub(crate) struct Some;
        mod std {}
        mod core {}
        #[resil::circuit]
        #[resil::hedge(after = p95(default = 1ms), unless(super::super::E::NotYet), budget = 20%)]
        #[resil::timeout(1s)]
        pub(crate) async fn f(
            t: &super::super::Tail,
        ) -> ::std::result::Result<(), super::super::E> {
            t.ask().await?;
            ::std::result::Result::Ok(())
        }
    }

    macro_rules! stack {
        ($name:ident, $after:literal, $max:expr, $pat:pat) => {
            #[resil::hedge(after = $after, max = $max, on($pat))]
            #[resil::timeout(1s)]
            pub(super) async fn $name(t: &super::Tail) -> Result<u32, super::E> {
                t.ask().await
            }
        };
    }
    stack!(from_macro, 1ms, 3, super::E::NotYet);
}

#[tokio::test]
async fn surroundings_do_not_matter() {
    assert_eq!(surroundings::hedge(1, 2, 3).await.unwrap(), 6);
    let out = surroundings::qualified(&Tail::default(), 4).await;
    assert_eq!(out.unwrap(), 6);
    assert!(surroundings::shadowed::f(&Tail::default()).await.is_ok());
    assert_eq!(surroundings::from_macro(&Tail::default()).await.unwrap(), 2);
}
