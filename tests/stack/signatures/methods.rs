//! Methods, traits, futures by hand, recursion.

use super::*;

pub(super) struct Client {
    pub(super) flaky: Flaky,
    seen: u32,
    name: String,
}

impl Client {
    pub(super) fn new() -> Self {
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

    pub(super) fn bump(&mut self) {
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
