//! What a call weighs.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::*;

#[rate_limit(name = "cost", max = 10, per = 1s, cost = weight)]
async fn weighs(weight: u32) -> Result<u32, Fault> {
    Ok(weight)
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_what_it_weighs() {
    assert_eq!(letter(&weighs(7).await), '.');
    let refused = weighs(4).await;
    assert_eq!(retry_after(&refused), Some(ms(100)));
    assert_eq!(letter(&weighs(3).await), '.');
    // Above the burst: never, however long it waits.
    let never = weighs(11).await;
    assert_eq!(retry_after(&never), None);
    let Err(Fault::Resil(error)) = never else {
        unreachable!()
    };
    assert!(
        error.to_string().contains("costs more than the burst"),
        "{error}"
    );
    advance(ms(10_000)).await;
    assert_eq!(retry_after(&weighs(11).await), None);
    assert_eq!(letter(&weighs(10).await), '.');
}

#[tokio::test(start_paused = true)]
async fn a_cost_of_zero_passes_and_takes_nothing() {
    #[rate_limit(max = 1, per = 1s, cost = weight, wait = 5s)]
    async fn call(weight: u32) -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(play!(3, call(0)), "...");
    assert_eq!(letter(&call(1).await), '.');
    assert_eq!(play!(3, call(0)), "...");
    // Beside a call that waits, too.
    let mut waits = pin!(call(1));
    assert!(poll_once(waits.as_mut()).await.is_pending());
    assert_eq!(play!(3, call(0)), "...");
    advance(ms(1_000)).await;
    assert_eq!(letter(&waits.await), '.');
}

#[tokio::test(start_paused = true)]
async fn the_cost_is_evaluated_once_per_call_on_entry() {
    let asked = AtomicU32::new(0);
    #[retry(constant, max = 3, base = 1ms)]
    #[rate_limit(max = 9, per = 1s, cost = { asked.fetch_add(1, SeqCst); 3 })]
    async fn call(asked: &AtomicU32, r: &Record) -> Result<u32, Fault> {
        let attempt = r.attempt();
        if attempt < 3 {
            Err(Fault::Network(attempt))
        } else {
            Ok(attempt)
        }
    }
    let r = Record::new();
    assert!(call(&asked, &r).await.is_ok());
    assert_eq!((asked.load(SeqCst), r.count()), (1, 3));
    let retried = call(&asked, &r).await;
    assert!(retried.is_ok(), "after the wait that it asks for");
    assert!(r.elapsed() >= 333);
}

#[tokio::test(start_paused = true)]
async fn the_cost_may_use_self_and_the_arguments() {
    struct Client {
        weight: u32,
    }
    impl Client {
        #[rate_limit(max = 10, per = 1s, cost = self.weight * items.len() as u32)]
        async fn send(&mut self, items: &[u8]) -> Result<(), Fault> {
            self.weight += 1;
            Ok(())
        }
    }
    let mut client = Client { weight: 2 };
    assert_eq!(letter(&client.send(&[1, 2]).await), '.');
    assert_eq!(letter(&client.send(&[1, 2]).await), '.');
    assert_eq!(letter(&client.send(&[1]).await), 'X');
}
