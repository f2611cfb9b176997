//! `#[cfg]` on a parameter, on an attribute, on a statement of the body; on two parameters of one name.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::{Error, idempotent, retry, timeout};

#[cfg(windows)]
type Handle = u64;

#[idempotent(key = name)]
#[cfg_attr(windows, timeout(Missing::LIMIT))]
#[cfg_attr(not(windows), timeout(5s), retry(base = 1ms, clone(names)))]
#[cfg_attr(all(), doc = "Opens it.", timeout(1s))]
async fn open(
    name: &str,
    #[cfg(windows)] handle: Handle,
    #[cfg(not(windows))] tries: &Cell<u32>,
    #[cfg(not(windows))] mut names: Vec<String>,
) -> Result<usize, Error> {
    #[cfg(windows)]
    let _ = handle;
    #[cfg(not(windows))]
    {
        tries.set(tries.get() + 1);
        names.push(name.to_owned());
        if tries.get() < 3 {
            std::future::pending::<()>().await;
        }
        return Ok(names.len());
    }
    #[cfg(windows)]
    Ok(0)
}

#[retry(base = 1ms, clone(names))]
async fn of_either_type(
    #[cfg(windows)] mut names: Vec<Handle>,
    #[cfg(not(windows))] mut names: Vec<String>,
    #[cfg(windows)] tries: &mut u64,
    #[cfg(not(windows))] tries: &mut u32,
) -> Result<usize, &'static str> {
    names.push(Default::default());
    let tries = tries;
    *tries += 1;
    if *tries < 3 {
        return Err("not yet");
    }
    Ok(names.len())
}

#[tokio::test(start_paused = true)]
async fn main() {
    let tries = Cell::new(0);
    assert_eq!(open("disk", &tries, vec![]).await, Ok(1));
    assert_eq!(open("disk", &tries, vec![]).await, Ok(1));
    assert_eq!(tries.get(), 3);
    let mut tries = 0;
    assert_eq!(of_either_type(vec![], &mut tries).await, Ok(1));
    assert_eq!(tries, 3);
}
