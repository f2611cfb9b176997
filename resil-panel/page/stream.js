// The stream of server-sent events: it connects, connects anew when it is lost, and says how it stands.

// The browser connects anew by itself, but gives up when it is answered with an error.
const AGAIN_MS = 3000;
// The server sends a frame each second. One that is silent for so long is lost, though nothing said so.
const SILENT_MS = 8000;

export function listen({ hello, change, state }) {
  let source;
  let heard = 0;

  function connect() {
    source?.close();
    source = new EventSource(new URL("api/events", import.meta.url));
    const hear = (tell) => (event) => {
      heard = performance.now();
      try {
        tell(JSON.parse(event.data));
      } catch (fault) {
        // What this frame said is said by no later one. The first frame of another connection says all.
        source.close();
        state("fault");
        setTimeout(connect, AGAIN_MS);
        throw fault;
      }
      state("live");
    };
    source.addEventListener("hello", hear(hello));
    source.addEventListener("change", hear(change));
    source.addEventListener("error", () => {
      state("lost");
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS);
    });
    heard = performance.now();
  }

  setInterval(() => {
    const isSilent = performance.now() - heard > SILENT_MS;
    if (isSilent && source.readyState === EventSource.OPEN) {
      state("lost");
      connect();
    }
  }, 1000);
  // A page that the browser has put aside holds no connection, and is not kept out of its cache by one.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
  connect();
}
