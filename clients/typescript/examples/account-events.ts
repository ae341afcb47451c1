// What every account has, by the events alone.
//
//     node dist/examples/account-events.js BROKERS TOPIC FILE [GROUP]
//
// FILE keeps the newest ContributionCalculated of each account, a line each, in the order of the accounts. Without GROUP it
// is made anew from the beginning of the topic; with GROUP it is brought forward from where the group was. Ends when
// everything has been read that was there at the start.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Kafka, logLevel } from "kafkajs";
import { accountEvent, followAccounts, NewestByAccount, type ContributionCalculated } from "../src/index.js";

const [brokers, topic, file, group] = process.argv.slice(2);
if (!brokers || !topic || !file) {
  console.error("usage: account-events BROKERS TOPIC FILE [GROUP]");
  process.exit(2);
}

function kept(path: string): ContributionCalculated[] {
  if (!existsSync(path)) return [];
  const events = readFileSync(path, "utf8").split("\n").filter(Boolean).map(accountEvent);
  return events.filter((event): event is ContributionCalculated => event?.eventType === "ContributionCalculated");
}

function keep(path: string, newest: NewestByAccount): void {
  const events = [...newest.all()].sort((a, b) => (a.accountSequence < b.accountSequence ? -1 : 1));
  writeFileSync(`${path}.part`, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  renameSync(`${path}.part`, path);
}

const newest = new NewestByAccount(group ? kept(file) : []);
let [taken, passed] = [0, 0];
const following = await followAccounts(
  new Kafka({ clientId: "account-events", brokers: brokers.split(","), logLevel: logLevel.ERROR }),
  {
    topic,
    ...(group && { group }),
    handle(events) {
      for (const event of events) {
        if (newest.take(event)) taken += 1;
        else passed += 1;
      }
      // before the group's position moves: otherwise a crash would lose them
      if (group) keep(file, newest);
    },
  },
);
await following.caughtUp;
await following.stop();
keep(file, newest);
console.log(`${taken} events were newer, ${passed} older or the same again`);
