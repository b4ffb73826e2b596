// SPDX-License-Identifier: Apache-2.0

/**
 * The request as a program. Each is run as it is pasted.
 *
 * What they are made of is one object: `url`, `fields` (an object), `key` (text, or null where none is needed),
 * `file` (the name of the reference picture's file, or null) and `savesPicture` (whether the answer is the picture itself).
 */

/** A field's value as JSON; a seed is text that may be too large for a number. */
export const literal = (name, value) => (name === "seed" ? String(value) : JSON.stringify(value));

/** Fields as JSON, on one line or with one line for each. */
export function encode(fields, indent = null) {
  const parts = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${literal(name, value)}`);
  return indent === null ? `{${parts.join(", ")}}` : `{\n${parts.map((part) => `${indent}  ${part}`).join(",\n")}\n${indent}}`;
}

const extension = ({ fields }) => fields.output_format ?? "jpeg";
const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const quoted = (text) => JSON.stringify(text);

/** Lines of `name: value`, as a language writes them. */
const lines = (fields, write, indent) =>
  Object.entries(fields).map(([name, value]) => `${indent}${write(name, value)},\n`).join("");

export function curl(request) {
  const { url, fields, key, file, savesPicture } = request;
  const parts = [`curl --fail-with-body ${shell(url)}`];
  if (key !== null) parts.push(`--header ${shell(`x-api-key: ${key}`)}`);
  if (savesPicture) parts.push(`--header 'Accept: image/${extension(request)}'`, `--output picture.${extension(request)}`);
  if (file === null) {
    parts.push("--header 'Content-Type: application/json'", `--data ${shell(encode(fields, ""))}`);
  } else {
    for (const [name, value] of Object.entries(fields)) {
      parts.push(`--form-string ${shell(`${name}=${value}`)}`);
    }
    parts.push(`--form ${shell(`image=@"${file.replace(/["\\]/g, "\\$&")}"`)}`);
  }
  return `${parts.join(" \\\n  ")}\n`;
}

const pythonLiteral = (name, value) =>
  typeof value === "boolean" ? (value ? "True" : "False") : literal(name, value);

export function python(request) {
  const { url, fields, key, file, savesPicture } = request;
  const headers = {};
  if (key !== null) headers["x-api-key"] = key;
  if (savesPicture) headers.Accept = `image/${extension(request)}`;
  const body = lines(fields, (name, value) => `${quoted(name)}: ${pythonLiteral(name, value)}`, "        ");
  const picture =
    file === null ? "" : `        "image": base64.b64encode(open(${quoted(file)}, "rb").read()).decode(),\n`;
  return [
    file === null && !fields.base64 ? "" : "import base64\n\n",
    "import requests\n\n",
    "response = requests.post(\n",
    `    ${quoted(url)},\n`,
    Object.keys(headers).length ? `    headers=${encode(headers)},\n` : "",
    `    json={\n${body}${picture}    },\n`,
    ")\n",
    'if not response.ok:\n    raise SystemExit(response.json()["error"])\n',
    savesPicture
      ? `open("picture.${extension(request)}", "wb").write(response.content)\n`
      : fields.base64
        ? `for number, image in enumerate(response.json()["images"]):\n` +
          `    open(f"picture-{number}.${extension(request)}", "wb").write(base64.b64decode(image["base64"]))\n`
        : `for image in response.json()["images"]:\n    print(image["url"])\n`,
  ].join("");
}

export function javascript(request) {
  const { url, fields, key, file, savesPicture } = request;
  const body = lines(fields, (name, value) => {
    // More digits than a number has: the server reads text too.
    const isLong = name === "seed" && !Number.isSafeInteger(Number(value));
    return `${name}: ${isLong ? quoted(String(value)) : literal(name, value)}`;
  }, "    ");
  const picture = file === null ? "" : `    image: (await readFile(${quoted(file)})).toString("base64"),\n`;
  const result = savesPicture
    ? `await writeFile("picture.${extension(request)}", Buffer.from(await response.arrayBuffer()));\n`
    : fields.base64
      ? `for (const [number, image] of (await response.json()).images.entries()) {\n` +
        `  await writeFile(\`picture-\${number}.${extension(request)}\`, Buffer.from(image.base64, "base64"));\n}\n`
      : "for (const image of (await response.json()).images) console.log(image.url);\n";
  const functions = [file === null ? "" : "readFile", savesPicture || fields.base64 ? "writeFile" : ""].filter(Boolean);
  return [
    "// Node 18 or later: save as picture.mjs, run with `node picture.mjs`.\n",
    functions.length ? `import { ${functions.join(", ")} } from "node:fs/promises";\n\n` : "\n",
    `const response = await fetch(${quoted(url)}, {\n  method: "POST",\n  headers: {\n`,
    '    "Content-Type": "application/json",\n',
    savesPicture ? `    "Accept": "image/${extension(request)}",\n` : "",
    key === null ? "" : `    "x-api-key": ${quoted(key)},\n`,
    `  },\n  body: JSON.stringify({\n${body}${picture}  }),\n});\n`,
    "if (!response.ok) throw new Error((await response.json()).error);\n",
    result,
  ].join("");
}

/** A Swift string literal: its escapes are not those of JSON. */
const swiftText = (text) =>
  `"${text.replace(/[\\"]/g, "\\$&").replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, (character) =>
    `\\u{${character.codePointAt(0).toString(16)}}`)}"`;

export function swift(request) {
  const { url, fields, key, file, savesPicture } = request;
  const write = (name, value) => `${quoted(name)}: ${typeof value === "string" && name !== "seed" ? swiftText(value) : literal(name, value)}`;
  const picture =
    file === null ? "" : `    "image": try Data(contentsOf: URL(fileURLWithPath: ${swiftText(file)})).base64EncodedString(),\n`;
  const result = savesPicture
    ? `try data.write(to: URL(fileURLWithPath: "picture.${extension(request)}"))\n`
    : [
        "struct Answer: Decodable {\n    struct Image: Decodable {\n",
        fields.base64 ? "        var base64: Data\n" : "        var url: String\n",
        "    }\n    var images: [Image]\n}\n",
        "for (number, image) in try JSONDecoder().decode(Answer.self, from: data).images.enumerated() {\n",
        fields.base64
          ? `    try image.base64.write(to: URL(fileURLWithPath: "picture-\\(number).${extension(request)}"))\n}\n`
          : "    print(number, image.url)\n}\n",
      ].join("");
  return [
    "// Save as picture.swift, run with `swift picture.swift`.\n",
    "import Foundation\n#if canImport(FoundationNetworking)\nimport FoundationNetworking\n#endif\n\n",
    `var request = URLRequest(url: URL(string: ${swiftText(url)})!)\n`,
    'request.httpMethod = "POST"\nrequest.timeoutInterval = 600\n',
    'request.setValue("application/json", forHTTPHeaderField: "Content-Type")\n',
    savesPicture ? `request.setValue("image/${extension(request)}", forHTTPHeaderField: "Accept")\n` : "",
    key === null ? "" : `request.setValue(${swiftText(key)}, forHTTPHeaderField: "x-api-key")\n`,
    `let fields: [String: Any] = [\n${lines(fields, write, "    ")}${picture}]\n`,
    "request.httpBody = try JSONSerialization.data(withJSONObject: fields)\n",
    "let (data, response) = try await URLSession.shared.data(for: request)\n",
    "guard (response as? HTTPURLResponse)?.statusCode == 200 else {\n    fatalError(String(decoding: data, as: UTF8.self))\n}\n",
    result,
  ].join("");
}

/** The programs by the names of their languages. */
export const languages = { curl, Python: python, JavaScript: javascript, Swift: swift };
