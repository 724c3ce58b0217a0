// Runs Lighthouse on pages that are named on standard input, one a line: {"url", "cookies", "press"}. Where press is a selector, it
// is clicked on the page first, and what comes then is looked at as it stands, since Lighthouse can load no answer to a form. The
// answer to each is one line on standard output: the scores, 0 to 100, and what is wrong.
//
//	node lighthouse.mjs FOLDER-OF-LIGHTHOUSE CHROMIUM
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [home, chromium] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(createRequire(`${home}/`).resolve(name)));
const { default: lighthouse, snapshot } = await load("lighthouse");
const { default: puppeteer } = await load("puppeteer-core");

const browser = await puppeteer.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-quic", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--no-proxy-server"],
});
const categories = ["performance", "accessibility", "best-practices"];

const look = async ({ url, cookies, press }) => {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  try {
    if (cookies.length) await context.setCookie(...cookies);
    if (press) {
      await page.goto(url);
      await Promise.all([page.waitForNavigation(), page.click(press)]);
    }
    const flags = { logLevel: "silent", onlyCategories: press ? categories.slice(1) : categories, disableStorageReset: true, maxWaitForLoad: 12000 }; // the console is never done: it listens
    const { lhr } = await (press ? snapshot(page, { flags }) : lighthouse(url, flags, undefined, page));
    const scores = {};
    const wrong = lhr.runtimeError ? [lhr.runtimeError.message] : [];
    for (const category of Object.values(lhr.categories)) {
      scores[category.id] = Math.round(100 * category.score);
      for (const { id, weight } of category.auditRefs) {
        const { score, displayValue } = lhr.audits[id];
        if (weight && score !== null && score < 1) wrong.push(`${id} ${score} ${displayValue ?? ""}`.trim());
      }
    }
    const lcp = lhr.audits["largest-contentful-paint"]?.numericValue ?? 0;
    return { scores, wrong, lcp, url: lhr.finalDisplayedUrl };
  } finally {
    await context.close();
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await look(JSON.parse(line)).catch((error) => ({ scores: {}, wrong: [String(error)], lcp: 0, url: "" }));
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
