/** Whole numbers in Chinese characters, as Chinese, Japanese and Cantonese write them out. */

const DIGITS = "零一二三四五六七八九";
const PLACES = ["", "十", "百", "千"];
const SCALES: readonly string[][] = [[""], ["万", "萬"], ["亿", "億"]];

/**
 * The ways to write a number of digits in Chinese characters: as a whole number ("三百", "一百", "百"), and digit by digit. None for what
 * has signs in it or is larger than 10^12.
 *
 * @param written digits, with or without commas for thousands
 */
export function hanReadings(written: string): string[] {
  const digits = written.replaceAll(",", "");
  if (!/^[0-9]{1,12}$/.test(digits)) return [];
  const spelled = Array.from(digits, (digit) => DIGITS[Number(digit)] ?? "").join("");
  const wholes = digits.startsWith("0") ? [] : [0, 1].map((form) => whole(digits, form));
  return [
    ...new Set([
      // Tens lose their one at the front, in Japanese hundreds and thousands do too; a two before 百 and more may be 两.
      ...wholes.flatMap((text) => [
        text.replace(/^一十/, "十"),
        text,
        text.replace(/一(?=[十百千])/g, ""),
        text.replace(/一(?=[十百千])/g, "").replaceAll("零", ""),
        text.replace(/二(?=[百千万萬亿億])|^二$/g, "两"),
      ]),
      spelled,
      spelled.replaceAll("零", "〇"),
    ]),
  ];
}

function whole(digits: string, form: number): string {
  const groups: string[] = [];
  for (let end = digits.length; end > 0; end -= 4) groups.unshift(digits.slice(Math.max(0, end - 4), end));
  return groups
    .map((group, index) => {
      const text = thousands(group, index > 0);
      const names = SCALES[groups.length - 1 - index] ?? [""];
      return text === "" || text === "零" ? text : text + (names[form] ?? names[0] ?? "");
    })
    .join("")
    .replace(/零+/g, "零")
    .replace(/零$/, "");
}

/** Up to four digits; a gap within them, or before them where more came first, is one zero. */
function thousands(group: string, after: boolean): string {
  if (/^0+$/.test(group)) return after ? "零" : "";
  const text = Array.from(group, (digit, index) =>
    digit === "0" ? "零" : `${DIGITS[Number(digit)] ?? ""}${PLACES[group.length - 1 - index] ?? ""}`,
  ).join("");
  return text.replace(/零+/g, "零").replace(/零$/, "");
}
