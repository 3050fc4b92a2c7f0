import { createHash, createHmac, randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Secret } from "../../secret.ts";

const yearSeconds = 365 * 24 * 60 * 60;
/** A login is good for this long; each visit renews it. A new access token ends all logins. */
const passSeconds = 30 * 24 * 60 * 60;

/**
 * Who sends this request: the hash of the cookie's secret, which alone is stored and names the visitor's room.
 * Undefined for a new visitor.
 */
export function visitorOf(request: FastifyRequest): string | undefined {
  const secret = request.cookies[visitorCookie(request)];
  return secret && /^[\w-]{22}$/.test(secret) ? hashOf(secret) : undefined;
}

/** Gives a new visitor 128 random bits as a cookie, and a known one the same for another year. */
export function welcomeVisitor(request: FastifyRequest, reply: FastifyReply): string {
  const cookie = visitorCookie(request);
  const known = visitorOf(request) && request.cookies[cookie];
  const secret = known ?? randomBytes(16).toString("base64url");
  reply.setCookie(cookie, secret, { ...cookieRules(request), maxAge: yearSeconds });
  return hashOf(secret);
}

/** Logs the visitor in on every instance: the pass is signed with the access token and good for this visitor only. */
export function givePass(request: FastifyRequest, reply: FastifyReply, visitor: string, accessToken: Secret): void {
  const endsAt = Math.floor(Date.now() / 1_000) + passSeconds;
  const pass = `${endsAt}.${signPass(visitor, endsAt, accessToken)}`;
  reply.setCookie(passCookie(request), pass, { ...cookieRules(request), maxAge: passSeconds });
}

export function hasPass(request: FastifyRequest, visitor: string, accessToken: Secret): boolean {
  const [, endsAt, signature] = /^(\d{1,12})\.([\w-]{43})$/.exec(request.cookies[passCookie(request)] ?? "") ?? [];
  if (!endsAt || !signature) return false;
  const isGenuine = new Secret(signPass(visitor, Number(endsAt), accessToken)).equals(signature);
  return isGenuine && Number(endsAt) * 1_000 > Date.now();
}

export function forgetVisitor(request: FastifyRequest, reply: FastifyReply): void {
  for (const cookie of [visitorCookie(request), passCookie(request)]) reply.clearCookie(cookie, cookieRules(request));
}

function signPass(visitor: string, endsAt: number, accessToken: Secret): string {
  return createHmac("sha256", accessToken.reveal()).update(`web-chat pass\n${visitor}\n${endsAt}`).digest("base64url");
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function visitorCookie(request: FastifyRequest): string {
  return `${cookiePrefix(request)}parley_visitor`;
}

function passCookie(request: FastifyRequest): string {
  return `${cookiePrefix(request)}parley_pass`;
}

/** Browsers let nobody but this very host set a cookie of this prefix, but know it on https only. */
function cookiePrefix(request: FastifyRequest): "__Host-" | "" {
  return request.protocol === "https" ? "__Host-" : "";
}

function cookieRules(request: FastifyRequest) {
  return { httpOnly: true, sameSite: "lax", path: "/", secure: request.protocol === "https" } as const;
}
