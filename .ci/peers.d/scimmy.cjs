// A SCIM server without anybody in it, at /scim. The port is the argument.
const express = require("express");
const SCIMMY = require("scimmy").default;
const SCIMMYRouters = require("scimmy-routers").default;

SCIMMY.Resources.declare(SCIMMY.Resources.User, { ingress: () => { throw new Error("nobody is made here"); }, egress: () => [], degress: () => {} });

const app = express();
app.use("/scim", new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("Authorization") !== "Bearer peer-canary-token") throw new Error("this token is not known");
    return "entra";
  },
}));
app.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
