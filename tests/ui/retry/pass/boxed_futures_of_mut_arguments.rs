//! A future that borrows its `&mut` argument gives nothing of it back: it may be retried.
#![deny(warnings)]
use std::pin::Pin;

use resil::retry;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type Answer = Result<usize, String>;

struct Log(Vec<u32>);

impl Log {
    fn third(&mut self) -> Answer {
        self.0.push(1);
        if self.0.len() % 3 == 0 {
            Ok(self.0.len())
        } else {
            Err("again".to_owned())
        }
    }

    #[retry(base = 1ms)]
    fn elided(&mut self) -> Pin<Box<dyn Future<Output = Result<usize, String>> + Send + '_>> {
        Box::pin(async move { self.third() })
    }

    #[retry(base = 1ms)]
    fn named<'a>(&'a mut self, more: &'a [u32]) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        Box::pin(async move { Ok(self.third()? + more.len()) })
    }

    #[retry(base = 1ms)]
    fn opaque(&mut self) -> impl Future<Output = Answer> + Send + '_ {
        async move { self.third() }
    }

    // Behind an alias of one's own.
    #[retry(base = 1ms)]
    fn aliased(&mut self) -> Boxed<'_, Answer> {
        Box::pin(async move { self.third() })
    }

    // A function gives and takes for itself.
    #[retry(base = 1ms)]
    async fn filter(&mut self) -> Result<Box<dyn Fn(&str) -> &str + Send>, String> {
        self.third()?;
        Ok(Box::new(|text: &str| text.trim()))
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let mut log = Log(Vec::new());
    assert_eq!(log.elided().await, Ok(3));
    assert_eq!(log.named(&[1]).await, Ok(7));
    assert_eq!(log.opaque().await, Ok(9));
    assert_eq!(log.aliased().await, Ok(12));
    assert_eq!(log.filter().await.unwrap()(" a "), "a");
}
