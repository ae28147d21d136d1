// Asks a Messages API by way of the vendor's own library, and prints what that made of the answer: one line of JSON that is the
// same for the same answer, then a line with the request's id.
//
//   node sdk_client.mjs NODE_MODULES answer|stream|abort|count PROMPT
//
// Base URL and credential come from the environment, as the library reads them. `abort` leaves as soon as it has some text.
import { createRequire } from 'node:module';

const [modules, what, prompt] = process.argv.slice(2);
const Anthropic = createRequire(modules + '/')('@anthropic-ai/sdk').default;
const client = new Anthropic();
const question = { model: 'claude-opus-5-5', messages: [{ role: 'user', content: prompt }] };
const request = { ...question, max_tokens: 1000 };

function print(object, requestId) {
  console.log(JSON.stringify(object));
  console.log(JSON.stringify({ request_id: requestId }));
}

async function answer() {
  const { _request_id, ...message } = await client.messages.create(request);
  print(message, _request_id);
}

async function stream() {
  const counts = {};
  const stream = client.messages.stream(request);
  stream.on('streamEvent', (event) => (counts[event.type] = (counts[event.type] ?? 0) + 1));
  const message = await stream.finalMessage();
  print({ counts, message }, stream.request_id);
}

async function abort() {
  const stream = client.messages.stream(request);
  stream.on('text', () => stream.abort());
  try {
    await stream.done();
    print({ aborted: false }, stream.request_id);
  } catch (error) {
    if (!(error instanceof Anthropic.APIUserAbortError)) throw error;
    print({ aborted: true }, stream.request_id);
  }
}

async function count() {
  print(await client.messages.countTokens(question), null);
}

try {
  await { answer, stream, abort, count }[what]();
} catch (error) {
  if (!(error instanceof Anthropic.APIError)) throw error;
  print({ name: error.constructor.name, status: error.status, error: error.error?.error }, error.requestID);
  process.exitCode = 1;
}
