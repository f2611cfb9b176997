//! The types of errors, the attributes of others, and what a body may say.

use super::methods::Client;
use super::*;

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
