use resil::hedge;

#[derive(Debug)]
enum E {
    Down,
}

#[hedge(after = 50ms, on(7))]
async fn number() -> Result<u32, E> {
    Err(E::Down)
}

#[hedge(after = 50ms, unless(E::Up))]
async fn unknown() -> Result<u32, E> {
    Err(E::Down)
}

fn main() {}
