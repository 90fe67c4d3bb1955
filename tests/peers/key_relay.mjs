// A relay that adds an API key to every request, for clients that cannot send headers of their own.
//   node key_relay.mjs http://127.0.0.1:8080/mcp/name     the key is in OSTIA_API_KEY
// Prints the address to use instead, and passes everything else on as it came, in both directions.
import http from "node:http";

const target = new URL(process.argv[2]);
const key = process.env.OSTIA_API_KEY;

const relay = http.createServer((request, response) => {
  const onward = http.request(
    {
      host: target.hostname,
      port: target.port,
      method: request.method,
      path: target.pathname,
      // Raw, so that the order, the case and repeated headers stay, and the client's own Host.
      headers: [...request.rawHeaders, "X-API-Key", key],
      setHost: false,
    },
    (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      response.flushHeaders();
      answer.on("error", () => response.destroy());
      answer.pipe(response);
    },
  );
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
});

relay.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${relay.address().port}${target.pathname}`);
});
