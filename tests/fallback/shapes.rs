//! Every shape of function that a retry stands on.

use super::*;

fn send<T: Send>(t: T) -> T {
    t
}

#[derive(Default)]
struct Client {
    calls: u32,
}

impl Client {
    #[fallback({ self.calls += 10; self.calls })]
    async fn change(&mut self, log: &mut Vec<u32>) -> Result<u32, Fault> {
        self.calls += 1;
        log.push(self.calls);
        sleep(ms(1)).await;
        Err(Fault::Final)
    }

    #[fallback(|error| self.explain(&error).await)]
    #[retry(max = 2, constant, base = 1ms)]
    async fn read(&self) -> Result<String, Fault> {
        sleep(ms(1)).await;
        Err(Fault::Network(self.calls))
    }

    async fn explain(&self, error: &Fault) -> String {
        format!("{}: {error}", self.calls)
    }

    #[fallback(self)]
    async fn consume(self) -> Result<Self, Fault> {
        Err(Fault::Final)
    }
}

#[tokio::test(start_paused = true)]
async fn methods() {
    let (mut client, mut log) = (Client::default(), Vec::new());
    assert_eq!(send(client.change(&mut log)).await, Ok(11));
    assert_eq!(log, [1]);
    assert_eq!(send(client.read()).await.unwrap(), "11: network, try 11");
    assert_eq!(client.consume().await.map(|c| c.calls), Ok(11));
}

#[fallback(items.first().ok_or(Fault::Final)?)]
#[timeout(1s)]
async fn generic<'a, T: Sync>(items: &'a [T], fails: bool) -> Result<&'a T, Fault> {
    sleep(ms(1)).await;
    if fails {
        Err(Fault::Final)
    } else {
        Ok(&items[1])
    }
}

#[fallback(T::default())]
async fn of_type<T: Default + Send, E: Send>(error: E) -> Result<T, E> {
    Err(error)
}

#[tokio::test(start_paused = true)]
async fn generics_and_borrowed_results() {
    let items = [1, 2];
    assert_eq!(send(generic(&items, true)).await, Ok(&1));
    assert_eq!(send(generic(&items, false)).await, Ok(&2));
    assert_eq!(generic::<u8>(&[], true).await, Err(Fault::Final));
    assert_eq!(send(of_type::<String, _>("lost")).await.unwrap(), "");
}

#[async_trait::async_trait]
trait Dynamic: Sync {
    fn name(&self) -> &str;

    async fn ask(&mut self, id: String) -> Result<String, Fault>;

    #[fallback(format!("{} {id}", self.name()))]
    async fn provided(&self, id: String) -> Result<String, Fault> {
        sleep(ms(1)).await;
        Err(Fault::Http(u16::try_from(id.len()).unwrap_or(0)))
    }

    #[fallback(last_ok, key = id)]
    async fn kept(&self, id: &str, what: Do) -> Result<String, Fault> {
        match what {
            Succeed => Ok(id.repeat(2)),
            _ => Err(Fault::Final),
        }
    }
}

#[async_trait::async_trait]
impl Dynamic for Client {
    fn name(&self) -> &'static str {
        "client"
    }

    #[fallback(|error| format!("{}{id}{error}", self.calls))]
    #[retry(max = 2, constant, base = 1ms)]
    async fn ask(&mut self, id: String) -> Result<String, Fault> {
        self.calls += 1;
        sleep(ms(1)).await;
        Err(Fault::Network(u32::try_from(id.len()).unwrap_or(0)))
    }
}

#[tokio::test(start_paused = true)]
async fn async_traits() {
    let mut client: Box<dyn Dynamic + Send> = Box::<Client>::default();
    assert_eq!(
        send(client.ask("a".into())).await.unwrap(),
        "2anetwork, try 1"
    );
    assert_eq!(client.provided("a".into()).await.unwrap(), "client a");
    assert_eq!(client.kept("a", Succeed).await.unwrap(), "aa");
    assert_eq!(client.kept("a", Fail).await.unwrap(), "aa");
    assert!(client.kept("b", Fail).await.is_err());
}

#[tracing::instrument(skip_all)]
#[fallback(format!("{error_of}!"))]
async fn instrument_above(error_of: String) -> Result<String, Fault> {
    Err(Fault::Http(u16::try_from(error_of.len()).unwrap_or(0)))
}

#[fallback(|error| format!("{id} {error}"))]
#[tracing::instrument(skip_all, err)]
async fn instrument_below(id: String) -> Result<String, Fault> {
    sleep(ms(1)).await;
    Err(Fault::Http(u16::try_from(id.len()).unwrap_or(0)))
}

#[fallback(|error| format!("{id} {error}"))]
#[tracing::instrument(skip_all)]
#[timeout(10ms)]
async fn instrument_between(id: String) -> Result<String, Fault> {
    let _ = id.len();
    pending().await
}

#[tokio::test(start_paused = true)]
async fn instrumented() {
    assert_eq!(send(instrument_above("a".into())).await.unwrap(), "a!");
    assert_eq!(
        send(instrument_below("a".into())).await.unwrap(),
        "a http 1"
    );
    let cut = send(instrument_between("a".into())).await.unwrap();
    assert!(cut.starts_with("a ") && cut.contains("10ms"), "{cut}");
}

#[fallback(|error| { sleep(ms(1)).await; error.to_string() })]
#[circuit]
async fn with_anyhow(id: u32) -> anyhow::Result<String> {
    sleep(ms(1)).await;
    anyhow::bail!("no {id}")
}

#[fallback(7)]
fn by_hand(r: &Record) -> impl Future<Output = Result<u32, Fault>> + Send {
    async move { act(r, Fail).await }
}

#[tokio::test(start_paused = true)]
async fn spawned_with_anyhow_and_by_hand() {
    let spawned = tokio::spawn(with_anyhow(3));
    assert_eq!(spawned.await.unwrap().unwrap(), "no 3");
    assert_eq!(send(by_hand(&Record::new())).await, Ok(7));
}

/// An error that is not `Send` is gone before the expression waits, if nothing asks for it.
#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_send() {
    struct NotSend(#[allow(dead_code)] std::rc::Rc<u8>);

    #[fallback({ sleep(ms(1)).await; 7 })]
    async fn waits(n: u8) -> Result<u8, NotSend> {
        Err(NotSend(n.into()))
    }
    assert_eq!(send(waits(1)).await.ok(), Some(7));
}

/// The body may move what the fallback does not name.
#[tokio::test(start_paused = true)]
async fn the_body_moves_its_arguments() {
    #[fallback(|_| 0)]
    async fn moves(order: Vec<u8>, other: String) -> Result<usize, Fault> {
        let all = [order, other.into_bytes()].concat();
        if all.is_empty() {
            Err(Fault::Final)
        } else {
            Ok(all.len())
        }
    }
    #[fallback(other.len() + 100)]
    async fn moves_one(order: Vec<u8>, other: String) -> Result<usize, Fault> {
        drop(order);
        Err(Fault::Http(u16::try_from(other.len()).unwrap_or(0)))
    }
    assert_eq!(send(moves(vec![], String::new())).await, Ok(0));
    assert_eq!(send(moves(vec![1], "a".into())).await, Ok(2));
    assert_eq!(send(moves_one(vec![1], "a".into())).await, Ok(101));
}
