//! Answers that borrow, with the lifetimes left out as rustc lets one leave them out.
#![deny(
    warnings,
    elided_lifetimes_in_paths,
    unused_lifetimes,
    single_use_lifetimes
)]
use std::cell::Cell;
use std::collections::HashMap;

use resil::{retry, timeout};

#[derive(Debug, PartialEq)]
struct Page<'a> {
    lines: Vec<&'a str>,
}

struct Cache {
    pages: HashMap<String, String>,
    misses: Cell<u32>,
}

impl Cache {
    #[timeout(1s)]
    #[retry(base = 1ms)]
    async fn text(&self, url: &str) -> Result<&str, resil::Error> {
        self.misses.set(self.misses.get() + 1);
        Ok(self.pages.get(url).map_or("", String::as_str))
    }

    #[retry(base = 1ms)]
    async fn page(&self, url: &str) -> Result<Page<'_>, String> {
        self.misses.set(self.misses.get() + 1);
        if self.misses.get() < 3 {
            return Err(format!("{url}: not yet"));
        }
        let text = self.pages.get(url).ok_or("no such page")?;
        Ok(Page {
            lines: text.lines().collect(),
        })
    }
}

#[retry(base = 1ms)]
async fn longest<'a>(texts: &[&'a str], _ignored: &str) -> Result<&'a str, String> {
    texts
        .iter()
        .copied()
        .max_by_key(|t| t.len())
        .ok_or_else(String::new)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let pages = HashMap::from([("/".to_owned(), "one\ntwo".to_owned())]);
    let cache = Cache {
        pages,
        misses: Cell::new(0),
    };
    let page = cache.page(&String::from("/")).await;
    assert_eq!(
        page,
        Ok(Page {
            lines: vec!["one", "two"]
        })
    );
    assert_eq!(cache.text("/").await, Ok("one\ntwo"));
    let longest = longest(&[cache.text("/").await.unwrap(), "three"], &String::new()).await;
    assert_eq!(longest.as_deref(), Ok("one\ntwo"));
}
