/** How a Pushgateway wants to be told whose metrics it gets: https://github.com/prometheus/pushgateway#url */

/** What a segment of a path can hold as it is. A dot or two alone would be taken for a step in the path. */
const PLAIN = /^(?!\.{1,2}$)[\w.-]+$/;

/**
 * The path of a group, after the gateway's own: `/metrics/job/<job>/<label>/<value>...`. Values with other characters go
 * in base64, as `<label>@base64/<value>`.
 */
export function groupPath(job: string, groupings: Readonly<Record<string, string>>): string {
  const labels = Object.entries({ job, ...groupings });
  return `/metrics${labels.map(([name, value]) => segment(name, value)).join("")}`;
}

function segment(name: string, value: string): string {
  if (PLAIN.test(value)) return `/${name}/${value}`;
  // No segment may be empty: one character of padding stands for nothing.
  return `/${name}@base64/${Buffer.from(value).toString("base64url") || "="}`;
}
