use resil as resilience;

#[resil::retry(crate = resilience, , max = 5)]
async fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {
    drop(fetch());
}
