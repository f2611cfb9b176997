#![deny(warnings)]
use resil::bulkhead;

trait Kind {
    const PLACES: u32;
}

struct Small;
impl Kind for Small {
    const PLACES: u32 = 1;
}

struct Client<K>(K);

impl<K: Kind> Client<K> {
    const WAITING: u32 = 3;

    #[bulkhead(max = K::PLACES, queue = Self::WAITING)]
    async fn call<const N: u32>(&self) -> Result<u32, resil::Error> {
        Ok(N)
    }
}

#[tokio::test]
async fn main() {
    assert_eq!(Client(Small).call::<7>().await, Ok(7));
    let _ = Client(Small).0;
}
