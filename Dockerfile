# Parley in a container: docker build --tag parley .
# Alone (its own PostgreSQL in /data): docker run -p 8000:8000 -v parley:/data -e WEB_ACCESS_TOKEN=… parley
# With PostgreSQL and Redis: compose.yaml.

FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY vite.config.ts tsconfig.json ./
COPY src ./src
RUN node node_modules/vite/bin/vite.js build
# The image brings its Node: those from npm, and all that only builds or tests, stay behind.
RUN npm prune --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-*

FROM node:26-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data NODE_COMPILE_CACHE=/tmp/parley-compile-cache
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/src ./src
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The flags of bin/node-flags.mjs.
CMD ["node", "--max-semi-space-size=2", "--heap-growing-percent=50", "src/main.ts"]
