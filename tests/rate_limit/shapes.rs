//! Functions of every shape.

use async_trait::async_trait;
use tracing::instrument;

use super::*;

struct Client {
    calls: u32,
}

impl Client {
    #[rate_limit(max = 5, per = 1s, key = host, cost = self.calls + 1, wait = 10ms)]
    async fn unique(&mut self, host: &str) -> Result<u32, Fault> {
        self.calls += 1;
        Ok(self.calls + u32::try_from(host.len()).unwrap_or(0))
    }

    #[rate_limit(max = 5, per = 1s)]
    async fn moves<T: Send>(self, value: T) -> Result<(Self, T), Fault> {
        Ok((self, value))
    }

    #[instrument(skip_all)]
    #[rate_limit(max = 5, per = 1s, wait = 10ms)]
    #[instrument(skip_all)]
    async fn instrumented(&self, n: u32) -> Result<u32, Fault> {
        Ok(n + self.calls)
    }

    #[rate_limit(max = 5, per = 1s, cost = n, wait = 10ms)]
    #[instrument(skip_all)]
    #[retry(max = 2)]
    async fn between(&self, n: u32) -> Result<u32, Fault> {
        Ok(n + self.calls)
    }
}

#[async_trait]
trait Api {
    async fn ask(&mut self, host: &str) -> anyhow::Result<u32>;
}

#[async_trait]
impl Api for Client {
    #[rate_limit(max = 5, per = 1s, key = host, cost = self.calls + 1, wait = 10ms)]
    async fn ask(&mut self, host: &str) -> anyhow::Result<u32> {
        self.calls += 1;
        Ok(self.calls + u32::try_from(host.len())?)
    }
}

#[tokio::test(start_paused = true)]
async fn functions_of_every_shape_work() {
    let mut client = Client { calls: 0 };
    assert_eq!(client.unique("ab").await, Ok(3));
    assert_eq!(client.unique("ab").await, Ok(4));
    assert_eq!(letter(&client.unique("ab").await), 'X');
    let (mut client, text) = client.moves("text").await.unwrap();
    assert_eq!(text, "text");
    assert_eq!(client.instrumented(1).await, Ok(3));
    assert_eq!(client.between(1).await, Ok(3));
    assert_eq!(client.ask("a").await.unwrap(), 4);
    let refused = client.ask("a").await.unwrap_err();
    assert!(matches!(
        refused.downcast_ref(),
        Some(Error::RateLimited { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_spawned() {
    #[rate_limit(max = 10, per = 1s, burst = 1, wait = 1s, key = host)]
    #[timeout(1s)]
    async fn call(host: String) -> Result<String, Fault> {
        sleep(ms(1)).await;
        Ok(host)
    }
    let calls = ["a", "a", "b"].map(|host| tokio::spawn(call(host.to_owned())));
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn the_macro_and_the_function_of_one_name_stand_side_by_side() {
    use resil::rate_limit;
    #[rate_limit(name = "shapes-name", max = 1, per = 1s)]
    async fn call() -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(letter(&call().await), '.');
    assert_eq!(rate_limit("shapes-name").available(), 0);
}
