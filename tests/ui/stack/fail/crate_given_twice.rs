use resil as resilience;

#[resil::retry(crate = resilience, crate = ::resil)]
#[resil::timeout(1s, crate = resilience)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {
    drop(fetch());
}
