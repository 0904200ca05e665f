// Fails where the contract's score, as `redocly score --format json` has it on standard input, is below the one given.
const [least] = process.argv.slice(2).map(Number);
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { agentReadiness } = JSON.parse(text);
console.log(`redocly scores the contract ${agentReadiness}; it must be at least ${least}`);
process.exitCode = agentReadiness >= least ? 0 : 1;
