//! Every shape of function that is not async.

use super::*;

#[derive(Debug, Default)]
struct Client {
    flaky: Flaky,
    seen: u32,
}

trait Ask {
    fn flaky(&self) -> &Flaky;

    fn ask(&mut self, log: &mut Vec<u32>) -> Result<u32, Fault>;

    #[fallback(last_ok)]
    #[circuit]
    #[retry(max = 3, delays = [0s])]
    fn provided(&self) -> Result<u32, Fault> {
        self.flaky().ask()
    }
}

impl Ask for Client {
    fn flaky(&self) -> &Flaky {
        &self.flaky
    }

    #[fallback(self.seen * 100)]
    #[circuit]
    #[retry(max = 3, delays = [0s])]
    fn ask(&mut self, log: &mut Vec<u32>) -> Result<u32, Fault> {
        self.seen += 1;
        log.push(self.seen);
        self.flaky.ask()
    }
}

impl Client {
    #[idempotent(key = name)]
    #[circuit]
    #[retry(max = 3, delays = [0s])]
    fn keyed<N: serde::Serialize>(&self, name: &N) -> Result<u32, Fault> {
        let _ = name;
        self.flaky.ask()
    }

    #[retry(max = 3, delays = [0s])]
    fn borrowed<'a>(&'a self, items: &'a [u32]) -> Result<&'a u32, Fault> {
        let n = self.flaky.ask()?;
        items.get(n as usize).ok_or(Fault::Final)
    }

    #[fallback(self)]
    fn consume(self) -> Result<Self, Fault> {
        Err(Fault::Final)
    }
}

#[test]
fn methods_of_traits_and_impls() {
    let client = |failures| Client {
        flaky: Flaky::new(failures),
        seen: 0,
    };
    let mut log = Vec::new();
    assert_eq!(client(2).ask(&mut log), Ok(3));
    assert_eq!(client(9).ask(&mut log), Ok(300));
    assert_eq!(log, [1, 2, 3, 1, 2, 3]);
    assert_eq!(client(2).provided(), Ok(3));
    assert_eq!(client(9).provided(), Ok(3));
    assert_eq!(client(2).keyed(&"a"), Ok(3));
    assert_eq!(client(1).borrowed(&[7, 8, 9]), Ok(&9));
    assert!(client(0).consume().is_ok());
}

#[retry(max = 3, delays = [0s])]
#[tracing::instrument(skip_all)]
fn instrument_below(flaky: &Flaky, name: String) -> Result<String, Fault> {
    flaky.ask().map(|n| format!("{name}{n}"))
}

#[retry(max = 3, delays = [0s])]
#[tracing::instrument(skip_all, err, ret)]
fn instrument_with_its_outcome(flaky: &Flaky, name: String) -> Result<String, Fault> {
    flaky.ask().map(|n| format!("{name}{n}"))
}

#[tracing::instrument(skip_all, err)]
#[fallback(name.clone())]
#[tracing::instrument(skip_all)]
#[retry(max = 3, delays = [0s])]
fn instrument_around(flaky: &Flaky, name: String) -> Result<String, Fault> {
    flaky.ask().map(|n| format!("{name}{n}"))
}

#[test]
fn instrumented() {
    assert_eq!(instrument_below(&Flaky::new(2), "a".into()).unwrap(), "a3");
    assert_eq!(
        instrument_with_its_outcome(&Flaky::new(2), "a".into()).unwrap(),
        "a3"
    );
    assert_eq!(instrument_around(&Flaky::new(2), "a".into()).unwrap(), "a3");
    assert_eq!(instrument_around(&Flaky::new(9), "a".into()).unwrap(), "a");
}

#[retry(max = 3, delays = [0s])]
fn on_a_runtime_by_hand(flaky: &Flaky) -> Result<u32, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async { flaky.ask() })
}

#[circuit]
fn with_anyhow(id: u32) -> anyhow::Result<u32> {
    anyhow::ensure!(id > 0, "no {id}");
    Ok(id)
}

#[fallback(None)]
fn with_impl_trait(items: impl Iterator<Item = u32>) -> Result<Option<u32>, Fault> {
    items.max().map(Some).ok_or(Fault::Final)
}

#[test]
fn others() {
    assert_eq!(on_a_runtime_by_hand(&Flaky::new(2)), Ok(3));
    assert_eq!(with_anyhow(1).unwrap(), 1);
    assert_eq!(with_anyhow(0).unwrap_err().to_string(), "no 0");
    assert_eq!(with_impl_trait([1, 2].into_iter()), Ok(Some(2)));
    assert_eq!(with_impl_trait([].into_iter()), Ok(None));
}
