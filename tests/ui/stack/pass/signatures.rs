#![deny(warnings)]
use std::fmt::Debug;

use resil::{retry, timeout};

struct Point {
    x: u32,
    y: u32,
}

#[timeout(9s)]
#[retry]
async fn patterns((a, b): (u32, u32), Point { x, y }: Point, [c]: [u32; 1], _: u8) -> Result<u32, resil::Error> {
    Ok(a + b + c + x + y)
}

#[timeout(9s)]
#[retry]
pub(crate) async fn d5_generics<'a, T, const N: usize>(
    items: &'a [T; N],
    pick: impl Fn(&T) -> bool + Send + Sync,
) -> Result<&'a T, resil::Error>
where
    T: Debug + Sync,
{
    Ok(items.iter().find(|i| pick(i)).unwrap_or(&items[0]))
}

trait Fetch {
    async fn fetch(&self) -> Result<u32, resil::Error>;

    #[retry]
    async fn provided(&self) -> Result<u32, resil::Error> {
        self.fetch().await
    }
}

struct Client;

impl Fetch for Client {
    #[timeout(1s)]
    async fn fetch(&self) -> Result<u32, resil::Error> {
        Ok(1)
    }
}

#[test]
fn main() {
    drop(patterns((1, 2), Point { x: 1, y: 2 }, [1], 0));
    drop(d5_generics(&[1], |_| true));
    drop((Client.fetch(), Client.provided()));
}
