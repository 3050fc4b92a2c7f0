import { asRecord } from "./as-record.ts";

/**
 * Whether a model can be shown pictures, by what its provider lists of it, else by its name. Undefined: nobody says so, and trying tells.
 * `architecture.input_modalities` at OpenRouter and llama.cpp, `supported_input_modalities` in GitHub's catalogue, `capabilities` as an
 * object of switches at Mistral and Anthropic, and as a list of words at llama.cpp and Ollama.
 */
export function readsImages(id: string, item: Readonly<Record<string, unknown>>): boolean | undefined {
  const { architecture, capabilities } = item;
  const inputs = asRecord(architecture)["input_modalities"] ?? item["supported_input_modalities"];
  if (Array.isArray(inputs)) return inputs.includes("image");
  if (Array.isArray(capabilities)) return capabilities.includes("vision") || capabilities.includes("multimodal");

  const { vision, image_input: imageInput } = asRecord(capabilities);
  const told = vision ?? asRecord(imageInput)["supported"];
  if (typeof told === "boolean") return told;
  if (blind.test(id)) return false;
  return seeing.test(id) ? true : undefined;
}

const blind =
  /gpt-3\.5|gpt-4(-\d{4}|-32k)?$|gpt-oss|\bo1-(mini|preview)|\bo3-mini|deepseek-(chat|reasoner|coder|r1|v[23])|llama-?3[.-]?[13](?!.*vision)|mixtral|codellama|starcoder/i;

const seeing =
  /gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-[5-9]|\bo[134]\b|claude-|gemini|pixtral|llava|vision|[-\d]vl\b|gemma-?[34]|llama-?4|minicpm-v|moondream/i;
