#![deny(dead_code)]

mod client {
    #[resil::retry]
    #[resil::timeout(1s)]
    async fn nobody_calls_it() -> Result<u32, resil::Error> {
        fn nobody_calls_that() {}
        Ok(1)
    }
}

fn main() {}
