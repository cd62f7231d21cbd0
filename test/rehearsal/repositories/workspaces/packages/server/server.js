console.log(require("@example/shared").name, process.arch);
