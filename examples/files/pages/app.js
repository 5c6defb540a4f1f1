// The page of the list: shows what is in /files/, uploads with progress, deletes.
"use strict";
const at = id => document.getElementById(id);

function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let i = 0;
  for (; bytes >= 1000 && i < units.length - 1; i++) bytes /= 1000;
  return `${i ? bytes.toFixed(1) : bytes} ${units[i]}`;
}

function say(text) {
  at("said").textContent = text;
  at("said").hidden = !text;
}

// Who is not logged in is sent to the login page: then so is this page.
function here(answer) {
  if (answer.redirected) location = answer.url;
  return !answer.redirected;
}

function cell(...content) {
  const td = document.createElement("td");
  td.append(...content);
  return td;
}

function row(entry) {
  const path = "/files/" + encodeURIComponent(entry.name);
  const link = document.createElement("a");
  link.href = path;
  link.textContent = entry.name;
  const remove = document.createElement("button");
  remove.className = "quiet";
  remove.textContent = "Delete";
  remove.setAttribute("aria-label", `Delete ${entry.name}`);
  remove.onclick = async () => {
    if (!confirm(`Delete ${entry.name}?`)) return;
    const answer = await fetch(path, {method: "DELETE"});
    if (here(answer)) await show();
  };
  const tr = document.createElement("tr");
  tr.append(cell(link), cell(size(entry.size)), cell(new Date(entry.modified).toLocaleString()), cell(remove));
  return tr;
}

async function show() {
  const answer = await fetch("/files/", {headers: {Accept: "application/json"}});
  if (!here(answer)) return;
  const files = (await answer.json()).entries.filter(entry => entry.type === "file");
  at("list").replaceChildren(...files.map(row));
  at("empty").hidden = files.length > 0;
}

// By XMLHttpRequest, which tells how far an upload is.
at("upload").onsubmit = event => {
  event.preventDefault();
  const request = new XMLHttpRequest();
  const end = text => {
    say(text);
    at("progress").hidden = true;
    show();
  };
  request.open("POST", "/files/");
  request.setRequestHeader("Accept", "application/json");
  request.upload.onprogress = e => { at("progress").value = e.loaded / e.total; };
  request.onerror = () => end("The upload was refused or broke off.");
  request.onload = () => {
    const reasons = {409: "A file of this name is there already.", 413: "That is too large.", 507: "The disk is full."};
    const ok = request.status < 400;
    if (ok) event.target.reset();
    end(ok ? "" : reasons[request.status] || `The upload failed (${request.status}).`);
  };
  at("progress").hidden = false;
  request.send(new FormData(event.target));
};

show();
