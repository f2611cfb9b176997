#![deny(unused_variables, unused_mut)]

#[resil::timeout(1s)]
pub async fn fetch(unused: u32, mut never_changed: u32) -> Result<u32, resil::Error> {
    let mut local = 1;
    Ok(never_changed + local)
}

fn main() {}
