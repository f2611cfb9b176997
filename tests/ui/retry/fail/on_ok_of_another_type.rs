enum State {
    Pending,
    Done,
}

#[resil::retry(on_ok(None))]
async fn poll(done: bool) -> Result<State, String> {
    Ok(if done { State::Done } else { State::Pending })
}

fn main() {}
