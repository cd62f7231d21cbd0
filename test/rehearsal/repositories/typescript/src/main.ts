const { greet } = require("greeting");

const architecture: string = process.arch;
console.log(greet(architecture));
