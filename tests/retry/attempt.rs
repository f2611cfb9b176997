//! `attempt = n`: the body knows the number of its attempt.

use std::pin::Pin;

use super::*;

#[tokio::test(start_paused = true)]
async fn it_is_the_number_of_the_run_from_one() {
    #[retry(max = 3, base = 1ms, attempt = n)]
    async fn f(seen: &std::sync::Mutex<Vec<u32>>) -> Result<(), Fault> {
        let n: u32 = n;
        seen.lock().unwrap().push(n);
        Err(Fault::Network(n))
    }
    for _ in 0..2 {
        let seen = std::sync::Mutex::default();
        assert_eq!(f(&seen).await, Err(Fault::Network(3)));
        assert_eq!(*seen.lock().unwrap(), [1, 2, 3], "of each call anew");
    }
}

#[tokio::test(start_paused = true)]
async fn another_host_on_the_second_try() {
    #[retry(base = 1ms, attempt = n)]
    async fn get(hosts: &[&str]) -> Result<String, Fault> {
        let host = hosts[(n as usize - 1) % hosts.len()];
        if host == "a" {
            Err(Fault::Network(n))
        } else {
            Ok(format!("{host}, attempt {n}"))
        }
    }
    assert_eq!(get(&["a", "b"]).await.unwrap(), "b, attempt 2");
}

#[tokio::test(start_paused = true)]
async fn with_a_max_of_one_it_is_one_and_the_body_may_still_move() {
    #[retry(max = 1, attempt(r#try))]
    async fn f(s: String) -> Result<(String, u32), Fault> {
        let moved = s;
        Ok((moved, r#try))
    }
    assert_eq!(f("x".to_owned()).await, Ok(("x".to_owned(), 1)));
}

#[tokio::test(start_paused = true)]
async fn in_closures_blocks_and_beside_clones() {
    #[retry(max = 2, base = 1ms, clone(list), attempt = n)]
    #[timeout(1s)]
    async fn f(mut list: Vec<u32>, u32: u8) -> Result<Vec<u32>, Fault> {
        let push = |list: &mut Vec<_>| list.push(n);
        push(&mut list);
        let inner = async move { n + 1 }.await;
        list.push(inner);
        let _ = u32;
        if n < 2 { Err(Fault::Final) } else { Ok(list) }
    }
    assert_eq!(f(vec![9], 0).await, Ok(vec![9, 2, 3]));
}

/// What the body hides, it hides itself.
#[tokio::test(start_paused = true)]
async fn the_body_may_bind_the_name_anew() {
    #[retry(max = 2, base = 1ms, attempt = n)]
    async fn f() -> Result<u32, Fault> {
        let n = n * 10;
        if n < 20 { Err(Fault::Final) } else { Ok(n) }
    }
    assert_eq!(f().await, Ok(20));
}

#[async_trait::async_trait]
trait Service {
    async fn call(&mut self, name: String) -> Result<String, Fault>;
}
struct Own(u32);
#[async_trait::async_trait]
impl Service for Own {
    #[retry(max = 2, base = 1ms, attempt = n)]
    async fn call(&mut self, name: String) -> Result<String, Fault> {
        self.0 += n;
        if n < 2 {
            Err(Fault::Network(n))
        } else {
            Ok(format!("{name} {n} {}", self.0))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn under_async_trait() {
    let mut own = Own(10);
    assert_eq!(own.call("x".to_owned()).await, Ok("x 2 13".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn under_and_above_instrument_and_in_a_future_by_hand() {
    #[retry(max = 2, base = 1ms, attempt = n)]
    #[tracing::instrument]
    #[timeout(1s)]
    async fn above(base: u32) -> Result<u32, Fault> {
        if n < 2 {
            Err(Fault::Network(n))
        } else {
            Ok(base + n)
        }
    }
    #[tracing::instrument]
    #[timeout(1s)]
    #[retry(max = 2, base = 1ms, attempt = n)]
    async fn below(base: u32) -> Result<u32, Fault> {
        if n < 2 {
            Err(Fault::Network(n))
        } else {
            Ok(base + n)
        }
    }
    #[retry(max = 2, base = 1ms, attempt = n)]
    fn by_hand(base: u32) -> Pin<Box<dyn Future<Output = Result<u32, Fault>> + Send>> {
        Box::pin(async move {
            if n < 2 {
                Err(Fault::Network(n))
            } else {
                Ok(base + n)
            }
        })
    }
    assert_eq!(above(40).await, Ok(42));
    assert_eq!(below(40).await, Ok(42));
    assert_eq!(by_hand(40).await, Ok(42));
}

#[tokio::test(start_paused = true)]
async fn out_of_a_macro() {
    macro_rules! numbered {
        ($name:ident, $n:ident, $body:expr) => {
            #[retry(max = 2, base = 1ms, attempt = $n)]
            async fn $name() -> Result<u32, Fault> {
                $body
            }
        };
    }
    numbered!(f, n, if n < 2 { Err(Fault::Final) } else { Ok(n) });
    assert_eq!(f().await, Ok(2));
}

/// The attempt goes on where a layer between it and the body refuses.
#[tokio::test(start_paused = true)]
async fn it_counts_the_runs_of_what_is_below_the_retry() {
    #[retry(max = 3, base = 1ms, attempt = n)]
    #[timeout(1s)]
    async fn f() -> Result<u32, Fault> {
        if n < 3 {
            std::future::pending::<()>().await;
        }
        Ok(n)
    }
    assert_eq!(f().await, Ok(3));
}
